"""The user's `[constraints]`, checked against what the report measured. What was not measured is neither met nor broken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.leaving import asked_at
from openbook.config import Constraints, Model


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


def checks(
    wanted: Constraints,
    arm: str,
    row: Mapping[str, Any],
    *,
    fresh: float | None,
    model: Model,
    embedder: str | None = "",
    accelerators: Collection[str] = (),
) -> list[Check]:
    """Every constraint that is set, on one arm.

    Args:
        row: The arm's row of the report.
        fresh: Share of changed facts answered rightly after the update.
        embedder: Where its embedder sends texts; see `leaving`.
        accelerators: Of the machines that it answered on.
    """
    found = [
        _most(arm, "seconds_p95", wanted.seconds_p95, row["seconds"].get("p95"), "seconds at the 95th percentile"),
        _most(arm, "usd_per_1000", wanted.usd_per_1000, row["usd"]["per_1000"], "dollars for 1,000 answers"),
        _least(arm, wanted.fresh, fresh),
        _private(arm, model, embedder) if wanted.private else None,
        _no_gpu(arm, model, accelerators) if wanted.no_gpu else None,
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


def _private(arm: str, model: Model, embedder: str | None) -> Check:
    asked = asked_at(model)
    for host, what in ((asked, "questions leave"), (embedder, "its embedder's texts leave")):
        if host:
            return Check(arm=arm, constraint="private", met=False, said=f"{what} this machine for {host}")
    if asked is None:
        said = f"where {model.name.partition(':')[0]} sends questions is not known"
        return Check(arm=arm, constraint="private", met=None, said=said)
    if embedder is None:
        return Check(arm=arm, constraint="private", met=None, said="where its embedder sends texts is not known")
    return Check(arm=arm, constraint="private", met=True, said="answers on this machine")


def _no_gpu(arm: str, model: Model, accelerators: Collection[str]) -> Check:
    """Whether it answers without a GPU of the user's own; what an endpoint elsewhere runs on is not theirs to buy."""
    scheme, colon, _ = model.name.partition(":")
    used = sorted({*accelerators} - {"cpu"})
    met, said = None, f"what {scheme} runs on is not known"
    if scheme in ("scripted", "quote", "recorded"):
        met, said = True, "has no model to run"
    elif scheme == "openai":
        elsewhere = bool(asked_at(model))
        met, said = (True, "answers elsewhere") if elsewhere else (None, "what its endpoint runs on is not known")
    elif not colon or scheme == "hf":
        if model.device not in ("auto", "cpu"):
            met, said = False, f"is set to run on {model.device}"
        elif used:
            said = f"answered with a GPU here ({', '.join(used)}); not measured without"
        elif accelerators:
            met, said = True, "answered on a CPU here"
        else:
            said = "where it answered is not known"
    return Check(arm=arm, constraint="no_gpu", met=met, said=said)
