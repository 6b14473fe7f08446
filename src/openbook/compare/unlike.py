"""What differs between the arms' settings, key by key. Knows no key's meaning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """A setting that is not the same in all arms: its dotted key and each arm's value as text."""

    key: str
    values: tuple[str, ...]


def unlike(report: Json) -> list[Unlike]:
    """The settings in which two arms differ, the kind and the model first."""
    flat = [_settings(arm) for arm in report["arms"].values() if "settings" in arm]
    keys = dict.fromkeys(key for settings in flat for key in settings)
    rows = [Unlike(key=key, values=tuple(settings.get(key, NOTHING) for settings in flat)) for key in keys]
    return [row for row in rows if len(set(row.values)) > 1]


def _settings(arm: Json) -> dict[str, str]:
    return {"kind": arm["kind"], "model": arm["model"], **_flat(arm["settings"], "")}


def _flat(settings: Json, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif value not in (None, "", []):
            found[prefix + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found
