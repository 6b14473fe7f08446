"""The learning curve: `tuned` and `hybrid` trained on 25 and 50 % of their rows too, and asked the test's questions.

The rows are nested: more rows keep the ones before. Every point is an adapter and a run like any other, found again by
its fingerprint; one training seed. Exploratory: nothing of it enters the family of pairs or the recommendation.
"""

import math
from collections.abc import Sequence

from openbook.compare.answers import missing
from openbook.compare.seats import Seat, seat, seeds, taking_part
from openbook.core.errors import OpenbookError, UsageError
from openbook.core.types import Example
from openbook.project import ArmPlan, Project
from openbook.project.sizes import with_rows

SHARES = (0.25, 0.5)
"""Of the rows, beside all of them."""


def whole(project: Project, plan: ArmPlan) -> int:
    """Rows that an arm trains on."""
    rows = len(project.exam.division.train)
    return min(rows, plan.tune.rows) if plan.tune.rows else rows


def parts(project: Project, plan: ArmPlan) -> list[int]:
    """Rows of the points below the arm itself, ascending; none where no curve is drawn."""
    if not project.config.probes.curve or plan.kind not in ("tuned", "hybrid"):
        return []
    rows = whole(project, plan)
    return sorted({max(1, math.ceil(rows * share)) for share in SHARES} - {rows})


def point(project: Project, plan: ArmPlan, rows: int) -> Project:
    """The project in which this arm trains on so many rows."""
    return project.resized(with_rows(project.config, {plan.name: rows}))


def seed_of(project: Project, plan: ArmPlan) -> int:
    """The curve's training seed: the arm's first one."""
    return seeds(project, plan)[0]


def points(project: Project) -> list[Seat]:
    """Every point below the arms themselves that is trained already. Opens no model."""
    found = []
    for plan in taking_part(project):
        for rows in parts(project, plan):
            one = point(project, plan, rows)
            try:
                found.append(seat(one, one.plan(plan.name), seed_of(project, plan)))
            except UsageError:
                continue
    return found


def is_done(project: Project, plan: ArmPlan, questions: Sequence[Example]) -> bool:
    """Whether all of an arm's points are trained and answered."""
    if not (project.workspace.folder / "adapters").exists():
        return False
    try:
        found = [one for one in points(project) if one.name == plan.name]
    except OpenbookError:
        return False
    return len(found) == len(parts(project, plan)) and not any(missing(one.log.records, questions) for one in found)
