"""What changed in an arm's figures between two reports, tested on the questions that were asked in both.

The family is the primary metric of every arm that was run anew; single strata and other metrics are exploratory. Knows
two reports' JSON, nothing behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from openbook.core.types import Stratum
from openbook.score.stats import Contrast, classify, contrast

Json = Mapping[str, Any]
Verdict = Literal["better", "worse", "equivalent", "undecided", "same run", "not comparable"]
STRATA: tuple[Literal["all"] | Stratum, ...] = ("all", "seen", "new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cell of the table, before and after.

    Attributes:
        before: The whole cell of the first report, all of its questions; None where it has none.
        difference: After − before over the questions asked in both; positive is better, also where lower is better.
        verdict: Of the second report against the first. `same run`: the answers are the very same ones.
        exploratory: Outside the family that is adjusted for, so a claim among many may be chance.
        reason: Why it is undecided or not comparable.
    """

    arm: str
    metric: str
    stratum: str
    before: Json | None
    after: Json | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    n: int = 0
    groups: int = 0
    failures: int = 0
    verdict: Verdict
    exploratory: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The questions that both reports asked with the same words and the same reference.

    Attributes:
        rows: (before, after) of each.
        group: Question → what it is connected with in either report.
    """

    rows: Sequence[tuple[Json, Json]]
    group: Mapping[str, str]


def shared(before: Json, after: Json) -> Shared:
    """The questions that a change can be told from."""
    known = {row["id"]: row for row in before.get("answers", ())}
    rows = [
        (known[row["id"]], row)
        for row in after.get("answers", ())
        if row["id"] in known and all(known[row["id"]][key] == row[key] for key in ("input", "reference"))
    ]
    return Shared(rows=rows, group=_joined(rows))


def changes(before: Json, after: Json, both: Shared) -> list[Change]:
    """Every figure of the arms that stand in both reports, in the second one's order."""
    made = [
        _change(before, after, both, arm=arm, metric=metric, stratum=stratum)
        for arm in after["arms"]
        if "scores" in after["arms"][arm] and "scores" in before["arms"].get(arm, {})
        for metric in after["metrics"]
        for stratum in STRATA
        if (stratum == "all" or metric["primary"]) and _cell(after, arm, metric["name"], stratum) is not None
    ]
    alpha = round(1 - after["level"], 10)
    family = [found for change, found in made if found is not None and not change.exploratory]
    verdicts = iter(classify(family, alpha=alpha))
    judged = []
    for change, found in made:
        if found is None:
            judged.append(change)
            continue
        verdict = classify([found], alpha=alpha)[0] if change.exploratory else next(verdicts)
        adjusted = round(verdict.p_adjusted, 6)
        judged.append(replace(change, verdict=verdict.kind, p_adjusted=adjusted, reason=verdict.reason))
    return judged


def _change(
    before: Json, after: Json, both: Shared, *, arm: str, metric: Json, stratum: str
) -> tuple[Change, Contrast | None]:
    """The cell before and after, and the test of its change where there is one."""
    name = metric["name"]
    cell = Change(
        arm=arm,
        metric=name,
        stratum=stratum,
        before=_cell(before, arm, name, stratum),
        after=_cell(after, arm, name, stratum),
        exploratory=stratum != "all" or not metric["primary"],
        verdict="not comparable",
    )
    formulas = {row["name"]: row["signature"] for row in before["metrics"]}
    if formulas.get(name) != metric["signature"]:
        reason = "its formula is another one" if name in formulas else "the first report does not have it"
        return replace(cell, reason=reason), None
    values = _values(both, arm, name, stratum)
    if not any(None not in (x, y) for x, y, _ in values):
        return replace(cell, reason="no question that was asked in both has a mark of its own"), None
    if before["arms"][arm]["runs"] == after["arms"][arm]["runs"] and all(x == y for x, y, _ in values):
        return replace(cell, verdict="same run", n=len(values)), None
    found = contrast(
        [y for _, y, _ in values],
        [x for x, _, _ in values],
        [group for _, _, group in values],
        margin=after["margin"],
        level=after["level"],
        alpha=round(1 - after["level"], 10),
        higher_is_better=metric["higher_is_better"],
    )
    return _tested(cell, found), found


def _tested(cell: Change, found: Contrast) -> Change:
    return replace(
        cell,
        difference=round(found.difference, 6),
        low=round(found.low, 6),
        high=round(found.high, 6),
        p=round(found.p, 6),
        n=found.n,
        groups=found.groups,
        failures=found.failures,
    )


def _values(both: Shared, arm: str, metric: str, stratum: str) -> list[tuple[float | None, float | None, str]]:
    """(before, after, group) of the questions that the arm was asked in both; None for a failure."""
    found = []
    for old, new in both.rows:
        asked = arm in old["arms"] and arm in new["arms"]
        inside = stratum == "all" or (old["stratum"] == new["stratum"] == stratum)
        # A metric that marks no arm's answer to a question has nothing to say of it.
        marked = any(metric in answer.get("marks", {}) for row in (old, new) for answer in row["arms"].values())
        if asked and inside and marked:
            pair = [row["arms"][arm].get("marks", {}).get(metric) for row in (old, new)]
            found.append((pair[0], pair[1], both.group[new["id"]]))
    return found


def _cell(report: Json, arm: str, metric: str, stratum: str) -> Json | None:
    found: Json | None = report["arms"][arm]["scores"].get(metric, {}).get(stratum)
    return found


def _joined(rows: Sequence[tuple[Json, Json]]) -> dict[str, str]:
    """Question → group, where questions are together if either report has them together."""
    root: dict[str, str] = {}

    def top(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for old, new in rows:
        first, second = sorted((top(f"before {old['group']}"), top(f"after {new['group']}")))
        root[second] = first
    return {new["id"]: top(f"after {new['group']}") for _, new in rows}
