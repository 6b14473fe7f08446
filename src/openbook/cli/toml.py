"""Values as TOML text. Knows nothing of what they mean."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
Comments = Mapping[tuple[str, ...], str]


def dumps(values: Mapping[str, Any], *, comments: Comments | None = None) -> str:
    """TOML that `tomllib` reads back as the same values.

    Args:
        values: Strings, numbers, booleans, lists and mappings; no None.
        comments: Text put behind a key, by the key's path; list items of a table count under the table's path.
    """
    return "\n".join(_table(values, (), comments or {})).lstrip("\n") + "\n"


def _table(values: Mapping[str, Any], path: tuple[str, ...], comments: Comments) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping) and value}
    for key, value in values.items():
        if key not in tables and not _is_tables(value):
            note = comments.get((*path, key), "")
            yield f"{_key(key)} = {_value(value)}" + (f"  # {note}" if note else "")
    for key, value in values.items():
        name = ".".join(_key(part) for part in (*path, key))
        if key in tables:
            # A table of nothing but tables needs no header of its own.
            head = () if all(isinstance(item, Mapping) and item for item in value.values()) else ("", f"[{name}]")
            yield from (*head, *_table(value, (*path, key), comments))
        elif _is_tables(value):
            for item in value:
                yield from ("", f"[[{name}]]", *_table(item, (*path, key), comments))


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise TypeError(f"{value!r} has no TOML form")


def _float(value: float) -> str:
    text = repr(value)
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _string(text: str) -> str:
    # JSON's escapes are TOML's, except that TOML wants DEL escaped and has no surrogates.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
