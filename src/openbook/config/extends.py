"""Raw settings: a TOML file with the one that it extends, and tables that inherit from tables. Knows no key's meaning."""

import tomllib
from pathlib import Path
from typing import Any

from openbook.core.errors import ConfigError


def read_toml(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The values of a file, over those of the file that it `extends`.

    Raises:
        ConfigError: No such file, not TOML, or a circle of files.
    """
    if file in seen:
        raise ConfigError(f"{file}: `extends` goes in a circle: {' → '.join(p.name for p in (*seen, file))}.")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"No openbook.toml at {str(file)!r}. Make one with: openbook init {file.parent}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error
    parent = raw.pop("extends", None)
    if parent is None:
        return raw
    return _merge(read_toml((file.parent / str(parent)).resolve(), (*seen, file)), raw)


def inherited(raw: dict[str, Any]) -> dict[str, Any]:
    """An arm's own `[arms.x.tune]` changes single keys of the top `[tune]`; the rest it inherits."""
    arms = raw.get("arms")
    if not isinstance(arms, dict):
        return raw
    found = {}
    for name, arm in arms.items():
        if isinstance(arm, dict):
            found[name] = {
                key: _merge(raw.get(key, {}), value) if isinstance(value, dict) else value for key, value in arm.items()
            }
        else:
            found[name] = arm
    return {**raw, "arms": found}


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
