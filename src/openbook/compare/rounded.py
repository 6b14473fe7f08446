"""Figures of a report to six decimals: what is beyond them differs between machines. Knows no key."""

from typing import Any


def rounded(value: Any) -> Any:
    """The same plain value with every number in it rounded; tuples become lists."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value
