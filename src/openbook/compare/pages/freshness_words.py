"""Where the changed facts come from, in a sentence. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def origin(probe: Json) -> str:
    """A sentence for the probe's lead, a space before it; empty where the second version was given."""
    if probe.get("origin") != "made":
        return ""
    count = len(probe["swaps"])
    if not count:
        return f" No value of your documents could be exchanged: {refusals(probe) or 'no example names a document'}."
    return f" The second version was made from your documents by swapping {count} value{'' if count == 1 else 's'}."


def refusals(probe: Json) -> str:
    """Why facts were left as they are, the commonest reason first."""
    ordered = sorted(probe["refused"].items(), key=lambda row: (-row[1], row[0]))
    return "; ".join(f"{reason} ({count})" for reason, count in ordered)
