"""What would be recommended if one constraint were given up. Decides nothing itself: it is handed the decision."""

from collections.abc import Callable, Sequence

from openbook.compare.verdict.constraints import Check, broken
from openbook.compare.verdict.recommend import Reason, Recommendation

Decide = Callable[[Sequence[Check]], Recommendation]


def lifted(chosen: Recommendation, checked: Sequence[Check], decide: Decide) -> list[Reason]:
    """A sentence for each constraint without which another arm, or none, would be recommended.

    Args:
        checked: All constraints on all arms.
        decide: The recommendation under the constraints that are left.
    """
    reasons = []
    for name in dict.fromkeys(check.constraint for check in checked if check.met is False):
        other = decide([check for check in checked if check.constraint != name])
        if other.arm == chosen.arm:
            continue
        if other.arm is None:
            reasons.append(Reason(f"without the constraint {name}: {other.verdict}", cells=other.cells))
            continue
        breaks = broken([check for check in checked if check.constraint == name]).get(other.arm)
        told = f" ({breaks})" if breaks else ""
        cells = tuple(cell for cell in other.cells if cell.startswith(f"{other.arm}."))
        reasons.append(Reason(f"without the constraint {name}: {other.arm} would be the choice{told}.", cells=cells))
    return reasons
