"""A metadata filter as an SQL condition over typed columns. Knows nothing of a store but its column names.

Every metadata key has up to three columns, one for each kind of value, so that a key may hold texts in one document
and numbers in another. All conditions are two-valued: a missing value is false and not NULL, else `not` would lose it.
"""

import re
from collections.abc import Callable, Set
from typing import Literal

from openbook.core.types import Both, Comparison, Either, Filter, Not, Scalar
from openbook.retrieve.filters import DOCUMENT, Kind, kind, number

_SIGNS: dict[str, Literal["=", "<", "<=", ">", ">="]] = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def column(key: str, of: Kind) -> str:
    """The name of a key's column for one kind of value: letters, digits and `_` only, different for different keys."""
    return f"{of}_" + re.sub(r"[^a-z0-9]", lambda found: f"_{ord(found[0]):x}_", key)


def condition(where: Filter, columns: Set[str]) -> str:
    """The condition that a filter means.

    Args:
        columns: The columns that the table has; a key without one has no value anywhere.
    """
    match where:
        case Both(parts=parts):
            return _join(" AND ", [condition(part, columns) for part in parts], empty="true")
        case Either(parts=parts):
            return _join(" OR ", [condition(part, columns) for part in parts], empty="false")
        case Not(part=part):
            return f"(NOT {condition(part, columns)})"
        case Comparison(field=field, op=op, value=value):
            return _comparison(field, op, value, columns)


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def one_of(name: str, literals: list[str]) -> str:
    """`name IN (…)`, false for an empty list."""
    return f"({name} IN ({', '.join(literals)}))" if literals else "false"


def _comparison(field: str, op: str, value: Scalar | tuple[Scalar, ...], columns: Set[str]) -> str:
    if isinstance(value, tuple):
        kinds = sorted({kind(item) for item in value})
        parts = [_in(field, of, [item for item in value if kind(item) == of], columns) for of in kinds]
        return _join(" OR ", parts, empty="false")
    if op == "ne":
        return f"(NOT {_comparison(field, 'eq', value, columns)})"
    if op != "eq" and kind(value) == "flag":
        return "false"
    return _known(field, kind(value), columns, lambda name: f"{name} {_SIGNS[op]} {_literal(value)}")


def _in(field: str, of: Kind, values: list[Scalar], columns: Set[str]) -> str:
    return _known(field, of, columns, lambda name: one_of(name, [_literal(value) for value in values]))


def _known(field: str, of: Kind, columns: Set[str], test: Callable[[str], str]) -> str:
    """The test on a field's column where it has a value, else false."""
    name = DOCUMENT if field == DOCUMENT else column(field, of)
    if name not in columns or (field == DOCUMENT and of != "text"):
        return "false"
    return f"({name} IS NOT NULL AND {test(name)})"


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else f"CAST('{number(value)!r}' AS DOUBLE)"


def _join(by: str, parts: list[str], *, empty: str) -> str:
    return f"({by.join(parts)})" if parts else empty
