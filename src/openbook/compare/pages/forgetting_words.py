"""The forgetting probe in words and tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.verdict.recommend import Reason

Json = Mapping[str, Any]

HEADS = (
    *("arm", "loss without", "loss with", "rise in loss", "verdict"),
    *("followed without", "followed with", "change", "verdict"),
)
SAYS = {"worse": "forgets", "equivalent": "keeps", "better": "gains", "undecided": "undecided", "floor": "floor"}
"""A verdict on what tuning did to the model's general knowledge, in a word."""


def cells(probe: Json) -> list[list[str]]:
    """One row an arm: loss in nats per token, then instructions followed, each without and with the adapter."""
    return [[name, *_loss(arm["loss"]), *_followed(arm["instructions"])] for name, arm in probe["arms"].items()]


def lead(probe: Json) -> str:
    """What was put to the arms."""
    margins = probe["margins"]
    return (
        f"{probe['paragraphs']} paragraphs of general English and {probe['instructions']} plain instructions, to each"
        " tuned arm's model without and with its adapter. Loss: nats per token, lower is better; margin"
        f" {margins['loss']:g}. Followed: of the instructions; margin {margins['instructions']:g}."
    )


def reasons(probe: Json | None) -> list[Reason]:
    """Sentences for the recommendation: only where forgetting is shown."""
    found = [(name, _reason(name, arm)) for name, arm in (probe or {"arms": {}})["arms"].items()]
    return [Reason(line, cells=(f"{name}.forgetting",)) for name, line in found if line]


def remarks(probe: Json) -> list[str]:
    """What a word in the table does not say: the floor, what is not applicable, what could not be decided."""
    found = [
        (name, what, arm[what].get("not_applicable") or arm[what]["reason"])
        for name, arm in probe["arms"].items()
        for what in ("loss", "instructions")
    ]
    return [f"{name}, {what}: {reason}." for name, what, reason in found if reason]


def _reason(name: str, arm: Json) -> str:
    parts = []
    if arm["loss"].get("verdict") == "worse":
        parts.append(f"its loss on general text rises by {_rise(arm['loss'])} nats a token")
    if arm["instructions"].get("verdict") == "worse":
        parts.append(f"it follows plain instructions less often ({_counts(arm['instructions'])})")
    return f"forgetting: {name} forgets: {' and '.join(parts)}." if parts else ""


def _rise(row: Json) -> str:
    return f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]".replace("-", "−")


def _counts(row: Json) -> str:
    without, tuned = (round(row[key] * row["n"]) for key in ("base", "tuned"))
    return f"{without} of {row['n']} without the adapter, {tuned} with it"


def _loss(row: Json) -> list[str]:
    if "not_applicable" in row:
        return ["–", "–", "–", "not applicable"]
    return [f"{row['base']:.3f}", f"{row['tuned']:.3f}", _rise(row), SAYS[row["verdict"]]]


def _followed(row: Json) -> list[str]:
    if "not_applicable" in row:
        return ["–", "–", "–", "not applicable"]
    change = "–"
    if "difference" in row:
        change = f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]".replace("-", "−")
    shares = [f"{round(row[key] * row['n'])}/{row['n']}" for key in ("base", "tuned")]
    return [*shares, change, SAYS[row["verdict"]]]
