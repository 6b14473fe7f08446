"""A file of labelled cases to `Example`s, checked line by line. Knows nothing of groups, splits or documents' texts."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from openbook.core.errors import DataError, UsageError, unknown
from openbook.core.types import Example
from openbook.ingest.names import Names
from openbook.ingest.rows import TABLES, Problem, RawRow, read_rows

LISTS = ("references", "documents", "stale", "tags")


class ExampleRow(BaseModel):
    """One line of an examples file: the keys it may have. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, str_strip_whitespace=True)

    id: str = Field("", description="Unique; `line-<number>` if left out.")
    input: str = Field(min_length=1, description="What the user asks.")
    reference: str = Field("", description="The right answer; or `references`, the first of which is trained on.")
    references: tuple[str, ...] = Field((), description="Several accepted answers.")
    documents: tuple[str, ...] = Field((), description="Names of the documents that hold the answer.")
    facts: tuple[tuple[str, ...], ...] = Field((), description="Groups of accepted wordings; each needs one.")
    stale: tuple[str, ...] = Field((), description="Wordings that are no longer true.")
    fact: str | None = Field(None, description="Id of the fact: examples with the same are wordings of one question.")
    group: str | None = Field(None, description="Examples with the same are never torn apart.")
    tags: tuple[str, ...] = ()
    context: str | None = Field(None, description="Text that belongs to the question, such as a mail to summarise.")
    split: Literal["train", "dev", "test"] | None = None
    answerable: bool = Field(True, description="False where the documents do not hold the answer.")
    change: Literal["edit", "add", "delete"] | None = Field(None, description="What happened to the fact since.")

    @field_validator("references", "documents", "stale", "tags", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("facts", mode="before")
    @classmethod
    def _a_wording_is_a_group(cls, value: Any) -> Any:
        items = [value] if isinstance(value, str) else value
        return [[item] if isinstance(item, str | int | float) else item for item in items] if items else ()

    @field_validator("facts", "references", "stale")
    @classmethod
    def _nothing_blank(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not all(bool(item) and all(item) for item in value):
            raise ValueError("blank entries are not allowed")
        return value

    @model_validator(mode="after")
    def _reference_or_references(self) -> "ExampleRow":
        if self.reference and self.references:
            raise ValueError("give `reference` or `references`, not both")
        return self


def load(
    path: Path,
    *,
    fields: Mapping[str, str] | None = None,
    documents: Collection[str] | None = None,
    references: bool = True,
) -> tuple[Example, ...]:
    """Read and check an examples file (JSON lines, CSV or TSV).

    Args:
        fields: Our key → the file's column. With it, columns that are neither mapped nor ours are passed over.
        documents: Names of the documents there are; each name that an example gives must fit one. None: not checked.
        references: Whether every example must have a reference (the freshness questions may go without).

    Raises:
        DataError: Names file and line of the first problem and counts the others; or the file has no examples.
    """
    examples, problems = parse(path, fields=fields, documents=documents, references=references)
    if problems:
        more = len({problem.line for problem in problems[1:]} - {problems[0].line})
        rest = f" And {more} more {'line has a problem' if more == 1 else 'lines have problems'}." if more else ""
        raise DataError(problems[0].message + rest, path=path, line=problems[0].line)
    if not examples:
        raise DataError(
            "The file holds no examples. Each line is one, with at least `input` and `reference`.", path=path
        )
    return tuple(examples)


def parse(
    path: Path,
    *,
    fields: Mapping[str, str] | None = None,
    documents: Collection[str] | None = None,
    references: bool = True,
) -> tuple[list[Example], list[Problem]]:
    """The examples of the lines that are right, and the problems of those that are not, by line.

    Raises:
        DataError: The file cannot be read at all, or `fields` names an unknown key or a column that is not there.
    """
    rows, problems = read_rows(path)
    mapping = dict(fields or {})
    _check_fields(mapping, rows, path)
    names = None if documents is None else Names(documents)
    lines: dict[str, int] = {}
    examples = []
    for row in rows:
        try:
            checked = _checked(row, mapping, table=path.suffix.lower() in TABLES)
            example = _example(checked, row.line, names=names, references=references)
            if example.id in lines:
                raise UsageError(f"the id {example.id!r} is already used on line {lines[example.id]}.")
        except UsageError as error:
            message = str(error)
            problems.append(Problem(line=row.line, message=message[0].upper() + message[1:]))
        else:
            lines[example.id] = row.line
            examples.append(example)
    return examples, sorted(problems, key=lambda problem: problem.line)


def _check_fields(mapping: Mapping[str, str], rows: Sequence[RawRow], path: Path) -> None:
    columns = {column for row in rows for column in row.values}
    for ours, column in mapping.items():
        if ours not in ExampleRow.model_fields:
            raise DataError(f"[examples] fields: {unknown('key', ours, ExampleRow.model_fields)}", path=path)
        if rows and column not in columns:
            raise DataError(f"[examples] fields.{ours}: {unknown('column', column, columns)}", path=path)


def _checked(row: RawRow, mapping: Mapping[str, str], *, table: bool) -> ExampleRow:
    taken = set(mapping.values())
    values = {key: value for key, value in row.values.items() if key not in taken and key not in mapping}
    if mapping:
        values = {key: value for key, value in values.items() if key in ExampleRow.model_fields}
    values |= {ours: row.values[column] for ours, column in mapping.items() if column in row.values}
    present = {key: _cell(key, value) if table else value for key, value in values.items() if value is not None}
    try:
        return ExampleRow.model_validate(present)
    except ValidationError as error:
        raise UsageError(" ".join(_sentence(dict(item)) for item in error.errors())) from error


def _cell(key: str, value: str) -> Any:
    """A table's cell as a value: JSON where it is a list, else entries between `;`, a fact's wordings between `|`."""
    if key in (*LISTS, "facts") and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise UsageError(f"{key}: this is not a JSON list: {value!r}.") from error
    if key == "facts":
        return [[word.strip() for word in group.split("|")] for group in value.split(";")]
    if key in ("documents", "tags", "stale"):
        return [item.strip() for item in value.split(";") if item.strip()]
    return value


def _sentence(item: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return unknown("key", str(item["loc"][0]), ExampleRow.model_fields)
    if item["type"] == "missing" or (item["type"] == "string_too_short" and item["loc"] == ("input",)):
        return f"the key {place!r} is missing or empty."
    message = str(item["msg"]).removeprefix("Value error, ")
    found = item.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float | bool) else ""
    return f"{place}: {message[0].lower()}{message[1:]}{shown}." if place else f"{message}."


def _example(row: ExampleRow, line: int, *, names: Names | None, references: bool) -> Example:
    accepted = row.references or ((row.reference,) if row.reference else ())
    if references and not accepted:
        raise UsageError("the key 'reference' is missing or empty.")
    documents = row.documents if names is None else tuple(names.resolve(name) for name in row.documents)
    return Example(
        id=row.id or f"line-{line}",
        input=row.input,
        references=accepted,
        documents=tuple(dict.fromkeys(documents)),
        facts=row.facts,
        stale=row.stale,
        fact=row.fact or None,
        group=row.group or None,
        tags=row.tags,
        context=row.context or None,
        split=row.split,
        answerable=row.answerable,
        change=row.change,
    )
