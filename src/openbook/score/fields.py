"""Extraction: is the answer JSON, and does it hold the reference's fields with the reference's values? Knows no schema.

A record is compared by its leaves: the path of keys to each value that is neither object nor array, with `[]` for any
place in an array. So the order of keys and of array items does not matter, and neither do case and white space of text;
12 is 12.0 and not "12"; a key with `null` is as good as none.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openbook.core.ids import digest
from openbook.core.types import Answer, Example
from openbook.score.checks import SchemaCheck, first_json
from openbook.score.each import PerAnswer
from openbook.score.parts import Part

Leaves = Counter[tuple[str, str]]


def record(text: str) -> Any:
    """The first JSON object or array in a text; None without one."""
    found = first_json(text)
    return found[0] if found is not None and isinstance(found[0], dict | list) else None


def leaves(value: Any) -> Leaves:
    """The (path, value) pairs of a JSON value, counted."""
    return Counter(_walk(value, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _walk(inside, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inside in value:
            yield from _walk(inside, f"{path}[]")
    elif value is not None:
        yield path, _plain(value)


def _plain(value: Any) -> str:
    """One spelling for values that count as the same; numbers and text are kept apart."""
    if isinstance(value, bool):
        return f"bool {value}"
    if isinstance(value, float):
        return f"number {int(value) if value.is_integer() else value!r}"
    if isinstance(value, int):
        return f"number {value}"
    return f"text {' '.join(str(value).casefold().split())}"


def wanted_records(example: Example) -> list[Leaves]:
    """The leaves of those references that are JSON objects or arrays as a whole: a text that cites `[1]` is none."""
    whole = [
        text for reference in example.references if (text := reference.strip())[:1] in ("{", "[") and text[-1] in "}]"
    ]
    return [leaves(found) for text in whole if (found := record(text)) is not None]


class JsonValid(PerAnswer):
    """1 where the answer holds a JSON object or array, which fulfils the schema if there is one; else 0.

    None where no reference is JSON.

    Args:
        schema: What `[generate] schema` asks for.

    Raises:
        ConfigError: Not a JSON schema.
    """

    name = "json_valid"
    binary = True

    def __init__(self, schema: Mapping[str, Any] | None = None) -> None:
        self._check = None if schema is None else SchemaCheck(name=self.name, schema=schema)
        self.signature = f"json_valid|first value|schema:{'none' if schema is None else digest(dict(schema))}|v:1"

    def mark(self, example: Example, answer: Answer) -> float | None:
        if not wanted_records(example):
            return None
        if self._check is not None:
            return self._check.mark(example, answer)
        return float(record(answer.text) is not None)


class FieldMatch(PerAnswer):
    """F1 in [0, 1] of the answer's fields with their values against the reference's that agrees best.

    None where no reference is JSON; 0 where the answer is not.
    """

    name = "field_match"
    signature = "field_match|leaves:path and value|text:casefold,spaces|arrays:any order|measure:f1|refs:max|v:1"

    def mark(self, example: Example, answer: Answer) -> float | None:
        wanted = wanted_records(example)
        if not wanted:
            return None
        found = record(answer.text)
        return 0.0 if found is None else max(_f1(leaves(found), one) for one in wanted)

    def parts(self, examples: Sequence[Example], answers: Sequence[Answer]) -> list[Part]:
        """Each field with precision, recall and F1 over all answers; `n` is how often it was wanted."""
        right, given, wanted = Counter[str](), Counter[str](), Counter[str]()
        for example, answer in zip(examples, answers, strict=True):
            references = wanted_records(example)
            if not references:
                continue
            found = leaves(record(answer.text))
            nearest = max(references, key=lambda one: _f1(found, one))
            for counter, pairs in ((right, found & nearest), (given, found), (wanted, nearest)):
                counter.update(path for path, _ in pairs.elements())
        return [_field_part(name, right[name], given[name], wanted[name]) for name in sorted({*given, *wanted})]


class RecordMatch(PerAnswer):
    """1 where the answer has all fields of a reference with its values and no others, else 0.

    None where no reference is JSON.
    """

    name = "record_match"
    signature = "record_match|leaves:path and value|text:casefold,spaces|arrays:any order|refs:any|v:1"
    binary = True

    def mark(self, example: Example, answer: Answer) -> float | None:
        wanted = wanted_records(example)
        if not wanted:
            return None
        found = record(answer.text)
        return float(found is not None and leaves(found) in wanted)


def _f1(given: Leaves, wanted: Leaves) -> float:
    """Two records without any value agree."""
    total = given.total() + wanted.total()
    return 2 * (given & wanted).total() / total if total else 1.0


def _field_part(name: str, right: int, given: int, wanted: int) -> Part:
    return Part(
        name=name,
        n=wanted,
        figures={
            "precision": right / given if given else None,
            "recall": right / wanted if wanted else None,
            "f1": 2 * right / (given + wanted),
        },
    )
