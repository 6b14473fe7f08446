"""What the report says of its own tests: the look, the family, the arms against the best, constraints, findings, the 2×2.

Plain values for the report; the sentences made from them are in `footnotes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.verdict.constraints import Check
from openbook.compare.verdict.interaction import interaction
from openbook.compare.verdict.looks import Look
from openbook.compare.verdict.pairs import Pair
from openbook.score.stats import AgainstBest, Contrast

Json = dict[str, Any]


def protocol_rows(
    pairs: Sequence[Pair],
    ranks: Mapping[str, AgainstBest],
    checked: Sequence[Check],
    *,
    look: Look,
    alpha: float,
    adjust: str,
    found: Sequence[str] = (),
) -> Json:
    """Report keys `look`, `family`, `best`, `constraints` and `findings`; what was `found` elsewhere comes last of these."""
    family = [pair for pair in pairs if not pair.exploratory]
    return {
        "look": {"number": look.number, "alpha": alpha},
        "family": {"pairs": len(family), "adjust": adjust, "alpha": alpha},
        "best": {name: asdict(rank) for name, rank in ranks.items()},
        "constraints": [asdict(check) for check in checked],
        "findings": [*(said for pair in family if (said := estimands_disagree(pair))), *found],
    }


def estimands_disagree(pair: Pair) -> str:
    """What stands against the verdict where every group counts alike; empty where nothing does."""
    other = pair.by_group
    if other is None:
        return ""
    turned = pair.difference * other.difference < 0 and abs(pair.difference - other.difference) > 0.01
    if not turned and other.verdict == pair.verdict:
        return ""
    return (
        f"{pair.a} − {pair.b} on {pair.metric} is {pair.difference:+.2f} ({pair.verdict}) with every question counted alike"
        f" and {other.difference:+.2f} ({other.verdict}) with every group counted alike: groups of different sizes"
        " differ in it."
    )


def interaction_row(marks: Marks, arms: Mapping[str, Json], *, margin: float, alpha: float) -> Json | None:
    """Report key `interaction`; None where an arm of the 2×2 is missing."""
    kinds = {name: row["kind"] for name, row in arms.items()}
    settings = {name: row["settings"] for name, row in arms.items()}
    found = interaction(marks, kinds, settings, margin=margin, alpha=alpha)
    if found is None:
        return None
    return {
        "arms": dict(found.arms),
        "equal_prompts": found.equal_prompts,
        "exploratory": True,
        **_contrast_row(found.whole),
        "book": None if found.book is None else _contrast_row(found.book),
    }


def _contrast_row(made: Contrast) -> Json:
    keys = ("difference", "low", "high", "level", "p", "n", "groups", "failures")
    return {key: getattr(made, key) for key in keys}
