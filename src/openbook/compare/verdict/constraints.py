"""The user's `[constraints]`, checked against what the report measured. What was not measured is neither met nor broken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from openbook.config import Constraints, Model

HERE = ("localhost", "127.0.0.1", "::1")
LOCAL = ("hf", "scripted", "quote")
"""Schemes of models that answer on this machine; built-in models have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One constraint on one arm.

    Attributes:
        met: None where it was not measured.
        said: The figure beside the limit, in words.
    """

    arm: str
    constraint: str
    met: bool | None
    said: str


def checks(wanted: Constraints, arm: str, row: Mapping[str, Any], *, fresh: float | None, model: Model) -> list[Check]:
    """Every constraint that is set, on one arm.

    Args:
        row: The arm's row of the report.
        fresh: Share of changed facts answered rightly after the update.
    """
    found = [
        _most(arm, "seconds_p95", wanted.seconds_p95, row["seconds"].get("p95"), "seconds at the 95th percentile"),
        _most(arm, "usd_per_1000", wanted.usd_per_1000, row["usd"]["per_1000"], "dollars for 1,000 answers"),
        _least(arm, wanted.fresh, fresh),
        _private(arm, model) if wanted.private else None,
    ]
    return [check for check in found if check is not None]


def broken(found: Sequence[Check]) -> dict[str, str]:
    """Arm → what it breaks, in words."""
    names = dict.fromkeys(check.arm for check in found if check.met is False)
    return {
        name: ", ".join(check.said for check in found if check.arm == name and check.met is False) for name in names
    }


def _most(arm: str, constraint: str, limit: float | None, value: float | None, unit: str) -> Check | None:
    if limit is None:
        return None
    if value is None:
        return Check(arm=arm, constraint=constraint, met=None, said=f"{unit} not measured")
    met = value <= limit
    said = f"{value:.3g} {unit}, {'within' if met else 'above'} {limit:g}"
    return Check(arm=arm, constraint=constraint, met=met, said=said)


def _least(arm: str, limit: float | None, value: float | None) -> Check | None:
    if limit is None:
        return None
    if value is None:
        return Check(arm=arm, constraint="fresh", met=None, said="changed facts not asked")
    met = value >= limit
    said = f"{value:.2f} of the changed facts right, {'at least' if met else 'below'} {limit:g}"
    return Check(arm=arm, constraint="fresh", met=met, said=said)


def _private(arm: str, model: Model) -> Check:
    scheme, colon, _ = model.name.partition(":")
    if not colon or scheme in LOCAL:
        return Check(arm=arm, constraint="private", met=True, said="answers on this machine")
    if scheme != "openai":
        return Check(arm=arm, constraint="private", met=None, said=f"where {scheme} sends questions is not known")
    host = urlsplit(model.base_url).hostname or model.base_url
    if host in HERE:
        return Check(arm=arm, constraint="private", met=True, said=f"its endpoint is on this machine ({host})")
    return Check(arm=arm, constraint="private", met=False, said=f"questions leave this machine for {host}")
