"""Spans of time as people write them: `90s`, `10m`, `1h30m`. Knows no calendar."""

import re

_SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def seconds_of(text: str) -> int:
    """Whole seconds of a span, rounded.

    Raises:
        ValueError: It is not written like `90s`, `10m` or `1h30m`, or is no time at all.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, 0.0)
    total = round(3600 * hours + 60 * minutes + seconds)
    if total <= 0:
        raise ValueError(f"{text!r} is no span of time: write it like 90s, 10m or 1h30m")
    return total


def compact(seconds: float) -> str:
    """The shortest way to write whole seconds: 5400 → `1h30m`, 571.2 → `9m31s`; `seconds_of` reads it back."""
    left = round(seconds)
    hours, minutes = left // 3600, left % 3600 // 60
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{left % 60}s" if left % 60 else ""]
    return "".join(parts) or "0s"
