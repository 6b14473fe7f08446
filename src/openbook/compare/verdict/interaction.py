"""The 2×2 of retrieval and tuning: whether the two together give more, or less, than their sum. Exploratory.

Needs four arms: prompted, rag, tuned, and the tuned arm's adapter with retrieval (`tuned+rag`). Beside it, a hybrid less
`tuned+rag` is what training for the book adds to training without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.verdict.pairs import values
from openbook.score.stats import Contrast, contrast

CORNERS = ("tuned+rag", "rag", "tuned", "prompted")
BOOK = ("hybrid", "tuned+rag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """(tuned+rag − rag) − (tuned − prompted) on the primary metric; positive: together they give more than their sum.

    Attributes:
        arms: Kind → the arm that stands for it.
        equal_prompts: Whether all four have the same instructions and worked examples; else a part may be theirs.
        book: The hybrid less `tuned+rag`; None without a hybrid.
    """

    arms: Mapping[str, str]
    equal_prompts: bool
    whole: Contrast
    book: Contrast | None


def interaction(
    marks: Marks, kinds: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]], *, margin: float, alpha: float
) -> Interaction | None:
    """None where a corner is missing, or where the four arms were asked nothing in common.

    Args:
        kinds: Arm → kind, of the arms that took part.
        settings: Arm → its settings as in the report.
    """
    if not set(CORNERS) <= set(kinds.values()):
        return None
    like = settings[next(arm for arm, kind in kinds.items() if kind == CORNERS[0])]
    arms = {kind: _corner(kind, kinds, settings, like) for kind in CORNERS}
    rows = _rows(marks, list(arms.values()))
    if rows is None:
        return None
    (both, rag, tuned, prompted), groups = rows
    whole = contrast(
        _sum(both, prompted),
        _sum(rag, tuned),
        groups,
        margin=margin,
        level=marks.level,
        alpha=alpha,
        higher_is_better=marks.primary.higher_is_better,
        bounds=(0.0, 2.0),
    )
    equal = all(_prompt(settings[arm]) == _prompt(like) for arm in arms.values())
    return Interaction(
        arms=arms, equal_prompts=equal, whole=whole, book=_book(marks, kinds, arms, margin=margin, alpha=alpha)
    )


def _corner(
    kind: str, kinds: Mapping[str, str], settings: Mapping[str, Mapping[str, Any]], like: Mapping[str, Any]
) -> str:
    """The arm of a kind: one with the same prompt as `tuned+rag` where there is one, else the first."""
    named = [arm for arm, its in kinds.items() if its == kind]
    return next((arm for arm in named if _prompt(settings[arm]) == _prompt(like)), named[0])


def _prompt(settings: Mapping[str, Any]) -> object:
    return settings.get("instructions"), settings.get("shots")


def _book(
    marks: Marks, kinds: Mapping[str, str], arms: Mapping[str, str], *, margin: float, alpha: float
) -> Contrast | None:
    hybrid = next((arm for arm, kind in kinds.items() if kind == BOOK[0]), None)
    rows = None if hybrid is None else _rows(marks, [hybrid, arms[BOOK[1]]])
    if rows is None:
        return None
    (first, second), groups = rows
    better = marks.primary.higher_is_better
    return contrast(first, second, groups, margin=margin, level=marks.level, alpha=alpha, higher_is_better=better)


def _rows(marks: Marks, arms: Sequence[str]) -> tuple[list[list[float | None]], list[str]] | None:
    found = values(marks, marks.primary, "all", arms)
    if found is None or not any(None not in row for row in zip(*found[0], strict=True)):
        return None
    return found


def _sum(a: Sequence[float | None], b: Sequence[float | None]) -> list[float | None]:
    return [None if x is None or y is None else x + y for x, y in zip(a, b, strict=True)]
