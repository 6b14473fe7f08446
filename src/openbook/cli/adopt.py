"""`openbook init --documents … --examples …`: a project made from what people have.

Guesses which column is what and which document answers which question, shows every guess with its reason, and writes a
checked copy of the examples. The user's own files are read and never written.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from openbook.cli.init import next_steps
from openbook.cli.toml import dumps
from openbook.cli.verb import CONFIG, columns
from openbook.core.errors import DataError, UsageError, unknown
from openbook.core.types import Document, Example, Failure
from openbook.ingest import READERS
from openbook.ingest.examples import ExampleRow, parse
from openbook.ingest.propose import Guess, guess_columns, propose_documents
from openbook.ingest.readers import read
from openbook.ingest.rows import Problem, RawRow, read_rows
from openbook.ingest.sources import File, Source, expand
from openbook.ingest.split import split
from openbook.retrieve.lexical import Lexical
from openbook.workspace import write_text

SHOWN = 5
PASSAGE_WORDS = 120
CANDIDATES = 40
FEW_EXAMPLES = 50
PROPOSED = "documents-proposed"

HEADER = """\
# Made by `openbook init`. Only what differs from the defaults needs to stand here;
# `openbook config show` prints every setting with its value and its meaning.

"""
COMMENTS: dict[tuple[str, ...], str] = {
    ("documents", "sources"): "globs, or folders with everything readable below them",
    ("examples", "source"): "a checked copy; correct and extend this one",
    ("prompt", "instructions"): "say what the answers are for, and in what voice",
    ("model", "name"): "or smollm2, hf:<folder or hub id>, openai:<model>, quote (no model)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The user's examples as they could be read: those that are right, and the problems of the other lines."""

    path: Path
    guesses: tuple[Guess, ...]
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...]


def adopt(folder: Path, *, documents: Path, examples: Path | None, fields: dict[str, str]) -> None:
    """Write `openbook.toml`, and `examples.jsonl` where there are examples, into `folder`, and say what was guessed.

    Args:
        documents: A folder, or one document.
        fields: Our key → column, as the user gave it; the other columns are guessed.

    Raises:
        UsageError: There is no readable document, or no column that could be the input or the reference.
        DataError: The examples' file cannot be read, or none of its lines is right.
    """
    files = find_documents(documents)
    click.echo(f"{len(files)} documents in {str(documents)!r}: {kinds(documents)}.")
    source = None
    if examples is not None:
        labelled = read_labelled(examples, fields, [file.name for file in files])
        click.echo(told_columns(labelled))
        source = free_name(folder, labelled.path)
        proposed = with_documents(labelled.examples, files)
        click.echo(told_examples(proposed, labelled.problems, labelled.path))
        write_text(source, "".join(json.dumps(row_of(item), ensure_ascii=False) + "\n" for item in proposed))
        click.echo(f"Written: {str(source)!r}. {str(examples)!r} was not touched.")
    write_text(folder / CONFIG, settings(folder, documents, source))
    click.echo(f"Written: {str(folder / CONFIG)!r}.")
    if examples is None:
        click.echo(
            "To compare, label examples: a file examples.jsonl there, with `input` and `reference` on each line."
        )
    click.echo(next_steps(folder, examples=examples is not None))


def find_documents(place: Path) -> list[File]:
    """The documents below a folder (or the one named), with the names that the project will give them."""
    if not any(_readable(path) for path in _files(place)):
        known = ", ".join(f".{suffix}" for suffix in READERS.names())
        raise UsageError(f"Nothing readable in {str(place)!r} ({kinds(place)}). Documents are read from {known}.")
    place = place.resolve()
    return expand([Source(glob=place.name)], root=place.parent)


def kinds(place: Path) -> str:
    """`12 .md, 2 .html (left out: 3 .pdf)`."""
    readable = Counter(path.suffix.lower() for path in _files(place) if _readable(path))
    others = Counter(path.suffix.lower() or "without suffix" for path in _files(place) if not _readable(path))
    counted = ", ".join(f"{count} {suffix}" for suffix, count in readable.most_common()) or "none of a readable kind"
    left = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(SHOWN))
    return f"{counted} (left out: {left})" if left else counted


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    below = (path for path in place.rglob("*") if path.is_file())
    return [path for path in below if not any(part.startswith(".") for part in path.relative_to(place).parts)]


def _readable(path: Path) -> bool:
    return path.suffix.lower().removeprefix(".") in READERS.names()


def read_labelled(path: Path, fields: dict[str, str], documents: Sequence[str]) -> Labelled:
    """Read the examples with columns given or guessed."""
    rows, unreadable = read_rows(path)
    if not rows:
        first = f" {unreadable[0].message}" if unreadable else ""
        line = unreadable[0].line if unreadable else None
        raise DataError(f"No line of the file is an example.{first}", path=path, line=line)
    for key in fields:
        if key not in ExampleRow.model_fields:
            raise UsageError(f"--field {key}={fields[key]}: {unknown('key', key, ExampleRow.model_fields)}")
    guesses = () if _ours(rows) and not fields else _guesses(rows, fields, documents)
    mapping = {guess.key: guess.column for guess in guesses}
    _check(mapping, rows, path)
    examples, problems = parse(path, fields=mapping, documents=documents)
    if not examples:
        raise DataError(
            f"None of its {len(rows)} lines is right. The first: {problems[0].message}",
            path=path,
            line=problems[0].line,
        )
    return Labelled(path=path, guesses=guesses, examples=tuple(examples), problems=tuple(problems))


def _ours(rows: Sequence[RawRow]) -> bool:
    """The file has our own keys already: there is nothing to guess."""
    names = {name for row in rows for name in row.values}
    return "input" in names and names <= set(ExampleRow.model_fields)


def _guesses(rows: Sequence[RawRow], fields: dict[str, str], documents: Sequence[str]) -> tuple[Guess, ...]:
    given = tuple(Guess(key=key, column=column, reason="given with --field") for key, column in fields.items())
    free = [{name: value for name, value in row.values.items() if name not in fields.values()} for row in rows]
    guessed = guess_columns(free, documents=documents)
    return (*given, *(guess for guess in guessed if guess.key not in fields))


def _check(mapping: dict[str, str], rows: Sequence[RawRow], path: Path) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    for key, others in (("input", ("input",)), ("reference", ("reference", "references"))):
        if not any(name in mapping or name in names for name in others):
            raise UsageError(
                f"Which column of {str(path)!r} is the {key}? It has {', '.join(map(repr, names))}; name it with"
                f" --field {key}=COLUMN"
            )


def with_documents(examples: Sequence[Example], files: Sequence[File]) -> list[Example]:
    """The examples; those that name no document get the one that two searches agree on, with a tag that says so."""
    lacking = [example for example in examples if example.answerable and not example.documents]
    if not lacking:
        return list(examples)
    chunks = [chunk for document in _read_all(files) for chunk in split(document, tokens=PASSAGE_WORDS, count=_words)]
    index = Lexical([chunk.searchable for chunk in chunks])

    def search(queries: Sequence[str]) -> list[list[str]]:
        found = index.search(queries, CANDIDATES)
        return [list(dict.fromkeys(chunks[place].document for place, _ in hits)) for hits in found]

    proposals = {proposal.example: proposal for proposal in propose_documents(lacking, search=search)}
    return [
        replace(example, documents=proposals[example.id].documents, tags=(*example.tags, PROPOSED))
        if example.id in proposals
        else example
        for example in examples
    ]


def _read_all(files: Sequence[File]) -> list[Document]:
    read_ones = [read(file.path, file.name, file.metadata) for file in files]
    failures = [item for item in read_ones if isinstance(item, Failure)]
    for failure in failures[:SHOWN]:
        click.echo(f"  {failure.message}")
    return [item for item in read_ones if isinstance(item, Document)]


def _words(text: str) -> int:
    return len(text.split())


def told_columns(labelled: Labelled) -> str:
    """The guesses, each with its reason."""
    if not labelled.guesses:
        return f"The columns of {str(labelled.path)!r} have Openbook's own names."
    rows = [("", guess.key, "←", repr(guess.column), guess.reason) for guess in labelled.guesses]
    return f"Columns of {str(labelled.path)!r} (if one is wrong, name it: --field input=COLUMN):\n{columns(rows)}"


def told_examples(examples: Sequence[Example], problems: Sequence[Problem], path: Path) -> str:
    """How many examples, which documents were proposed, and the first lines with problems."""
    proposed = [example for example in examples if PROPOSED in example.tags]
    without = [example for example in examples if example.answerable and not example.documents]
    lines = [f"{len(examples)} example{'s' if len(examples) != 1 else ''}."]
    if len(examples) < FEW_EXAMPLES:
        lines.append(f"That is few: below {FEW_EXAMPLES} do not tune, and expect wide intervals.")
    if proposed:
        were = "was" if len(proposed) == 1 else "were"
        lines.append(
            f"{len(proposed)} named no document and {were} given one (tag {PROPOSED!r}); look whether it is right:"
        )
        lines.append(
            columns(
                [("", example.id, _short(example.input), "→", example.documents[0]) for example in proposed[:SHOWN]]
            )
        )
    if without:
        stay = "stays" if len(without) == 1 else "stay"
        lines.append(f"{len(without)} {stay} without a document: retrieval is measured on the others.")
    if problems:
        has = "line has a problem" if len(problems) == 1 else "lines have problems"
        lines.append(f"{len(problems)} {has} and did not come along; add what is right to the copy:")
        lines += [f"  {path}:{problem.line}: {problem.message}" for problem in problems[:SHOWN]]
        lines += [f"  and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return "\n".join(lines)


def _short(text: str, width: int = 56) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= width else f"{text[: width - 1]}…")


def row_of(example: Example) -> dict[str, Any]:
    """An example as a line of `examples.jsonl`: only what it has."""
    row: dict[str, Any] = {"id": example.id, "input": example.input}
    if len(example.references) == 1:
        row["reference"] = example.reference
    else:
        row["references"] = list(example.references)
    for key in ("documents", "facts", "stale", "tags"):
        if getattr(example, key):
            row[key] = [list(item) if isinstance(item, tuple) else item for item in getattr(example, key)]
    for key in ("fact", "group", "context", "split", "change"):
        if getattr(example, key) is not None:
            row[key] = getattr(example, key)
    return row if example.answerable else {**row, "answerable": False}


def free_name(folder: Path, own: Path) -> Path:
    """Where the checked copy goes: `examples.jsonl`, or another name where that is the user's own file.

    Raises:
        UsageError: Both are there already.
    """
    for name in ("examples.jsonl", "examples-checked.jsonl"):
        if not (folder / name).exists():
            return folder / name
    raise UsageError(
        f"{str(folder / 'examples.jsonl')!r} and 'examples-checked.jsonl' beside it are there already, and nothing is"
        f" overwritten. Move one away, or choose another folder than that of {str(own)!r}."
    )


def settings(folder: Path, documents: Path, source: Path | None) -> str:
    """The text of `openbook.toml`."""
    glob = Path(os.path.relpath(documents.resolve(), folder.resolve())).as_posix()
    values: dict[str, Any] = {
        "project": {"name": folder.resolve().name, "task": "answer"},
        "documents": {"sources": [glob]},
    }
    if source is not None:
        values["examples"] = {"source": source.name}
    values["model"] = {"name": "smollm2-reader"}
    values["prompt"] = {"instructions": "Answer the question briefly and correctly.", "abstain": "I don't know."}
    return HEADER + dumps(values, comments=COMMENTS)
