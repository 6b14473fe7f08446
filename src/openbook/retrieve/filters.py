"""Metadata filters: from their form in a configuration to the filter tree, and what a tree means for a chunk.

    {region = "uk"}                      equals
    {region = ["uk", "ireland"]}         one of these
    {year = {ge = 2020, lt = 2024}}      eq, ne, lt, le, gt, ge, in; several hold together
    {region = "uk", year = 2024}         both hold
    {any = [{…}, {…}]}  {all = [{…}]}    at least one holds; each holds
    {not = {…}}                          does not hold

Texts compare with texts, numbers with numbers (as double-precision floats), booleans with booleans; a value of another
kind is unequal, and neither smaller nor larger. Knows nothing of how a store evaluates a filter.
"""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from openbook.core.errors import ConfigError, unknown
from openbook.core.types import Both, Chunk, Comparison, Either, Filter, Not, Scalar

Kind = Literal["text", "number", "flag"]
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]

DOCUMENT = "document"
"""The pseudo-field that is the name of a chunk's document."""

OPERATORS: tuple[Operator, ...] = get_args(Operator)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}

_OTHERWISE = {"gte": "ge", "lte": "le", "neq": "ne", "=": "eq", "==": "eq", "!=": "ne", "<": "lt", "<=": "le"}
_OTHERWISE |= {">": "gt", ">=": "ge"}
"""Other tools' spellings, for a better hint than the nearest letters give."""


def parse_filter(raw: Mapping[str, Any]) -> Filter:
    """The filter that a table of a configuration means; an empty table lets every chunk through.

    Raises:
        ConfigError: An operator that is none, or a value that cannot be compared.
    """
    return _together([_entry(key, value) for key, value in raw.items()])


def matches(where: Filter, chunk: Chunk) -> bool:
    """Whether a chunk passes a filter."""
    match where:
        case Both(parts=parts):
            return all(matches(part, chunk) for part in parts)
        case Either(parts=parts):
            return any(matches(part, chunk) for part in parts)
        case Not(part=part):
            return not matches(part, chunk)
        case Comparison(field=field, op=op, value=value):
            return _compare(_value(chunk, field), op, value)


def kind(value: Scalar) -> Kind:
    """What a value can be compared with."""
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def number(value: float) -> float:
    """A number as it is compared: a double, -0 as 0, and infinite where it is too large for one."""
    try:
        return float(value) + 0.0
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _entry(key: str, value: Any) -> Filter:
    if key == "not":
        return Not(part=parse_filter(_table(key, value)))
    if key in ("any", "all"):
        if not isinstance(value, list | tuple):
            raise ConfigError(f"filter: {key!r} takes a list of tables, such as {key} = [{{…}}, {{…}}].")
        parts = tuple(parse_filter(_table(key, part)) for part in value)
        return Either(parts=parts) if key == "any" else Both(parts=parts)
    if isinstance(value, Mapping):
        if not value:
            raise ConfigError(f"filter: {key!r} compares with nothing. Write for example {key} = {{ge = 2020}}.")
        return _together([_comparison(key, op, operand) for op, operand in value.items()])
    return _comparison(key, "in" if isinstance(value, list | tuple) else "eq", value)


def _comparison(field: str, op: str, value: Any) -> Comparison:
    known = next((name for name in OPERATORS if name == op), None)
    if known is None:
        raise ConfigError(f"filter: {field!r}: {_unknown(op)}")
    if known == "in":
        if not isinstance(value, list | tuple):
            raise ConfigError(f"filter: {field!r}: 'in' takes a list (found {value!r}).")
        return Comparison(field=field, op="in", value=tuple(_scalar(field, item) for item in value))
    return Comparison(field=field, op=known, value=_scalar(field, value))


def _unknown(op: str) -> str:
    meant = _OTHERWISE.get(op.removeprefix("$"))
    if meant is None:
        return unknown("operator", op, OPERATORS)
    return f"no operator named {op!r}. Did you mean {meant!r}? Known: {', '.join(sorted(OPERATORS))}."


def _scalar(field: str, value: Any) -> Scalar:
    finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, str | int | float) and finite:
        return value
    raise ConfigError(f"filter: {field!r} is compared with {value!r}; only text, finite numbers and true/false can be.")


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"filter: {key!r} takes a table such as {{region = 'uk'}} (found {value!r}).")
    return value


def _together(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else Both(parts=tuple(parts))


def _value(chunk: Chunk, field: str) -> Scalar | None:
    return chunk.document if field == DOCUMENT else chunk.metadata.get(field)


def _compare(found: Scalar | None, op: Operator, value: Scalar | tuple[Scalar, ...]) -> bool:
    if isinstance(value, tuple):
        return any(_equal(found, item) for item in value)
    if op in ("eq", "ne"):
        return _equal(found, value) == (op == "eq")
    if found is None or kind(found) != kind(value) or kind(value) == "flag":
        return False
    return _ORDER[op](_comparable(found), _comparable(value))


def _equal(found: Scalar | None, value: Scalar) -> bool:
    return found is not None and kind(found) == kind(value) and _comparable(found) == _comparable(value)


def _comparable(value: Scalar) -> str | float:
    return value if isinstance(value, str) else number(value)
