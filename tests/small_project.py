"""Small projects on disk, and small pieces of one: ten shops, each a page with two facts, and four questions a page.

Everything in them is real but the model: hashing embedder, memory store, a script that quotes, a trainer that memorises.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openbook.arms import Abstention, Arm, Sampling
from openbook.compare.paper import Paper
from openbook.compare.runlog import RunLog
from openbook.compare.seats import Seat
from openbook.config import parse
from openbook.core.types import Answer, Chunk, Example, Failure, Hit, Record
from openbook.generate.scripted import ScriptedGenerator
from openbook.project import Project
from openbook.project.plans import plan
from openbook.prompt import Template
from openbook.retrieve.hashing import HashingEmbedder
from openbook.retrieve.memory import MemoryStore
from openbook.retrieve.search import Searcher

SHOPS = ("anvil", "bellows", "chisel", "drill", "easel", "file", "gimlet", "hammer", "iron", "jig")
MANY_SHOPS = (*SHOPS, "kiln", "lathe", "mallet", "nippers", "oven", "plane", "quoin", "rasp", "saw", "trowel")
"""Enough of them for a verdict."""

CONFIG = """\
[project]
name = "Shops"

[documents]
sources = ["pages/*.md"]
{updates}

[examples]
{example_updates}

[model]
name = "{model}"

[embedder]
name = "hashing"

[store]
name = "memory"

[prompt]
instructions = "Answer from the pages."

[tune]
trainer = "memorise"
epochs = 1

[probes]
latency = 1
gap = 4
forgetting = false
{more}
"""

SCRIPT = [{"when": "Passages:", "say": "{passage} [{label}]"}, {"default": "Let me think about that."}]


def fee(number: int) -> str:
    return f"£{100 + number}"


def hour(number: int) -> str:
    return f"{number + 1}:15"


def page(name: str, number: int, *, raised: int = 0) -> str:
    return (
        f"# The {name} shop\n\n## Joining\n\nJoining the {name} shop costs {fee(number + raised)} a year.\n\n"
        f"## Hours\n\nThe {name} shop opens at {hour(number)} on weekdays.\n"
    )


def questions(name: str, number: int) -> list[dict[str, Any]]:
    """Two wordings for each of a page's two facts."""
    asked = [
        ("fee", "What does joining the {} shop cost?", fee(number)),
        ("fee", "price of a year at {}, please", fee(number)),
        ("hours", "When does the {} shop open?", hour(number)),
        ("hours", "opening time of {} on a weekday", hour(number)),
    ]
    return [
        {
            "id": f"{name}-{place}",
            "input": wording.format(name),
            "reference": f"It is {value}. [{name}]",
            "documents": [f"{name}.md"],
            "facts": [[value]],
            "fact": f"{name}/{fact}",
        }
        for place, (fact, wording, value) in enumerate(asked)
    ]


def changed(name: str, number: int) -> list[dict[str, Any]]:
    """The fee has gone up by 100: an old wording, and one never used before."""
    new, old = fee(number + 100), fee(number)
    row = {"documents": [f"{name}.md"], "facts": [[new]], "stale": [old], "fact": f"{name}/fee", "change": "edit"}
    return [
        {"id": f"u-{name}-a", "input": f"What does joining the {name} shop cost?", **row},
        {"id": f"u-{name}-b", "input": f"What do I pay to become one of the {name} people?", **row},
    ]


def write(
    folder: Path,
    *,
    shops: Sequence[str] = SHOPS,
    model: str = "scripted:script.jsonl",
    script: Iterable[Mapping[str, Any]] = SCRIPT,
    updates: bool = False,
    more: str = "",
) -> Path:
    """Write a project; `more` is TOML at the end of its configuration."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(shops):
        (folder / "pages" / f"{name}.md").write_text(page(name, number), encoding="utf-8")
    lines(folder / "examples.jsonl", [row for number, name in enumerate(shops) for row in questions(name, number)])
    lines(folder / "script.jsonl", script)
    if updates:
        (folder / "v2").mkdir()
        for number, name in enumerate(shops):
            text = page(name, number, raised=100 if number < 4 else 0)
            (folder / "v2" / f"{name}.md").write_text(text, encoding="utf-8")
        lines(folder / "updates.jsonl", [row for n, name in enumerate(shops[:4]) for row in changed(name, n)])
    (folder / "openbook.toml").write_text(
        CONFIG.format(
            model=model,
            updates='updates = ["v2/*.md"]' if updates else "",
            example_updates='updates = "updates.jsonl"' if updates else "",
            more=more,
        ),
        encoding="utf-8",
    )
    return folder


def open_project(folder: Path, **options: Any) -> Project:
    return Project.open(write(folder, **options))


def lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def edit(folder: Path, old: str, new: str) -> Project:
    """Change the configuration and open the project again."""
    file = folder / "openbook.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return Project.open(folder)


def searcher(folder: Path, chunks: Sequence[Chunk]) -> Searcher:
    """A real index over some chunks."""
    embedder = HashingEmbedder()
    store = MemoryStore(folder, dimension=embedder.dimension)
    vectors = embedder.embed([chunk.searchable for chunk in chunks], kind="passage")
    store.replace(chunks, vectors)  # type: ignore[arg-type]
    return Searcher(embedder, store)


def chunk(document: str, text: str, *, start: int = 0, **metadata: str) -> Chunk:
    return Chunk(document=document, text=text, start=start, end=start + len(text), metadata=metadata)


def hit(document: str, text: str, score: float = 1.0) -> Hit:
    return Hit(chunk=chunk(document, text), score=score)


def example(name: str, question: str = "", **fields: Any) -> Example:
    fields.setdefault("references", (f"The answer to {name}.",))
    return Example(id=name, input=question or f"What about {name}?", **fields)


def answered(asked: Example, text: str, **fields: Any) -> Record:
    return Record(example=asked.id, key=asked.key, result=Answer(text=text, **fields))


def failed(asked: Example, *, transient: bool = False) -> Record:
    failure = Failure(stage="generate", error="Broken", message="It broke.", transient=transient)
    return Record(example=asked.id, key=asked.key, result=failure)


def paper(asked: Sequence[Example], groups: Mapping[str, str] | None = None, *, new: Sequence[str] = ()) -> Paper:
    """An exam paper; every question is its own group unless given, and seen unless named in `new`."""
    return Paper(
        questions=tuple(asked),
        stratum={one.id: "new" if one.id in new else "seen" for one in asked},
        group={one.id: (groups or {}).get(one.id, one.id) for one in asked},
    )


def desk(folder: Path, name: str, records: Sequence[Record], *, kind: str = "base", seed: int = 0) -> Seat:
    """An arm that has answered already."""
    config = parse({"documents": {"sources": ["*.md"]}, "arms": {name: {"kind": kind}}})
    arm = Arm(
        name=name,
        kind=kind,
        generator=ScriptedGenerator({"": name}),
        template=Template(),
        retrieval=None,
        sampling=Sampling(),
        abstention=Abstention(sentence="I don't know."),
        seed=seed,
    )
    log = RunLog(folder / f"{name}-{seed}")
    log.append(records)
    return Seat(plan=plan(config, name), arm=arm, log=log)
