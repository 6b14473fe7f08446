"""What the judge of pairs prefers: win rates with intervals over groups, the order's effect, and how far to trust it.

A tie is half a win. All judged pairs are one Holm family, apart from the primary one: a judge's preference moves no
recommendation. Knows records and replies, not how they came about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from openbook.compare.marking.marks import Marks
from openbook.compare.marking.pairjudging import Names, cases, named_pairs, pair_judge_of
from openbook.compare.material import Material
from openbook.compare.rounded import rounded
from openbook.core.types import Failure
from openbook.project import Project
from openbook.score.pairjudge import Case, PairJudge, Ruling
from openbook.score.stats import Contrast, Verdict, classify, contrast

Json = dict[str, Any]
WORTH = {"a": 1.0, "tie": 0.5, "b": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """One pair of arms, question by question.

    Attributes:
        rulings: Question id → the ruling; a failure where an answer failed or the judge was unreadable.
        tested: Share of wins of `a` less that of `b`; None where no question could be judged.
    """

    pair: Names
    shown: Sequence[Case]
    rulings: Mapping[str, Ruling | Failure]
    tested: Contrast | None


def preferences_row(project: Project, material: Material, marks: Marks, *, alpha: float) -> Json | None:
    """The report's `preferences`; None where no pair is to be judged or nothing was asked yet."""
    pairs = named_pairs(project)
    judge = pair_judge_of(project) if pairs else None
    if judge is None:
        return None
    margin = project.config.compare.margin
    laid = [_laid(judge, material, marks, pair, margin=margin, alpha=alpha) for pair in pairs]
    laid = [one for one in laid if one.rulings]
    tested = [one.tested for one in laid if one.tested is not None]
    verdicts = iter(classify(tested, alpha=alpha))
    rows = [_pair_row(one, next(verdicts) if one.tested is not None else None) for one in laid]
    settings = project.config.judge
    asked = {"criteria": settings.criteria, "model": settings.model, "repeats": settings.repeats}
    row: Json = rounded({**asked, "pairs": rows, **_habits(judge, laid, marks), **_trust(judge)})
    return row if rows else None


def _laid(judge: PairJudge, material: Material, marks: Marks, pair: Names, *, margin: float, alpha: float) -> Laid:
    found = cases(material.seats, material.paper.questions, pair)
    lost = Failure(stage="judge", error="NoAnswer", message="One of the two answers failed.")
    rulings = {name: lost if case is None else judge.ruling(case) for name, case in found.items()}
    wins = [WORTH[one.side] if isinstance(one, Ruling) else None for one in rulings.values()]
    tested = None
    if any(win is not None for win in wins):
        tested = contrast(
            wins,
            [None if win is None else 1 - win for win in wins],
            [marks.paper.group[name] for name in rulings],
            margin=2 * margin,  # Of the difference of both shares, which is twice a win rate's distance from one half.
            level=marks.level,
            alpha=alpha,
        )
    return Laid(pair=pair, shown=[case for case in found.values() if case], rulings=rulings, tested=tested)


def _pair_row(one: Laid, verdict: Verdict | None) -> Json:
    ruled = [ruling for ruling in one.rulings.values() if isinstance(ruling, Ruling)]
    sides = [ruling.side for ruling in ruled]
    row: Json = {
        "a": one.pair[0],
        "b": one.pair[1],
        "n": len(one.rulings),
        "wins": sides.count("a"),
        "losses": sides.count("b"),
        "ties": sides.count("tie"),
        "alike": sum(ruling.alike for ruling in ruled),
        "contradicted": sum(ruling.contradicted for ruling in ruled),
        "failures": len(one.rulings) - len(ruled),
    }
    if one.tested is None or verdict is None:
        return row
    rate = {name: (1 + getattr(one.tested, name)) / 2 for name in ("difference", "low", "high")}
    figures = {"rate": rate["difference"], "low": rate["low"], "high": rate["high"], "groups": one.tested.groups}
    return {**row, **figures, "p": one.tested.p, "p_adjusted": verdict.p_adjusted, "verdict": verdict.kind}


def _habits(judge: PairJudge, laid: Sequence[Laid], marks: Marks) -> Json:
    """What the judge does whatever the answers are: which place it likes, what it repeats, how often it cannot be read."""
    shown = [case for one in laid for case in one.shown]
    first = judge.first_place(shown, [marks.paper.group[case.example.id] for case in shown], marks.level)
    alike, repeated = judge.steady(shown)
    replies, unreadable, failed = judge.unreadable(shown)
    kept = ("mean", "low", "high", "n", "groups")
    return {
        "first_place": None if first is None else {name: getattr(first, name) for name in kept},
        "steady": {"count": alike, "n": repeated} if repeated else None,
        "replies": {"count": replies, "unreadable": unreadable, "failed": failed},
    }


def _trust(judge: PairJudge) -> Json:
    found = judge.agreement()
    return {
        "agreement": None if found is None else asdict(found),
        "trusted": judge.trusted(),
        "trust": judge.trust(),
    }
