"""What differs between the arms' settings, key by key. Knows no key's meaning."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
NOTHING = "–"
LONG = 80
"""Letters from which a value is shown once, folded, and not again for the next arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One arm's value: its text, its beginning where that is long, and the arm before that has the same long one."""

    text: str
    beginning: str = ""
    same_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """A setting that is not the same in all arms: its dotted key and each arm's value."""

    key: str
    values: tuple[Value, ...]


def unlike(report: Json) -> list[Unlike]:
    """The settings in which two arms differ, the kind and the model first."""
    flat = {name: _settings(arm) for name, arm in report["arms"].items() if "settings" in arm}
    keys = dict.fromkeys(key for settings in flat.values() for key in settings)
    rows = {key: [settings.get(key, NOTHING) for settings in flat.values()] for key in keys}
    return [Unlike(key=key, values=_values(list(flat), texts)) for key, texts in rows.items() if len(set(texts)) > 1]


def _values(names: Sequence[str], texts: Sequence[str]) -> tuple[Value, ...]:
    values = []
    for text in texts:
        first = names[texts.index(text)]
        if len(text) < LONG:
            values.append(Value(text=text))
        elif first == names[len(values)]:
            values.append(Value(text=text, beginning=f"{text[: LONG // 2]}…"))
        else:
            values.append(Value(text=text, same_as=first))
    return tuple(values)


def _settings(arm: Json) -> dict[str, str]:
    return {"kind": arm["kind"], "model": arm["model"], **_flat(arm["settings"], "")}


def _flat(settings: Json, prefix: str) -> dict[str, str]:
    """Dotted key → text; what is empty or off is left out."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif value not in (None, "None", "", []):
            found[prefix + key] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found
