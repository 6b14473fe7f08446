"""Seats: each arm, with each of its training seeds, at its own desk with its own run log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from openbook.arms import Arm
from openbook.compare.leaving import forbidden
from openbook.compare.runlog import RunLog
from openbook.core.errors import UsageError
from openbook.project import ArmPlan, Project, Version
from openbook.project.prompts import candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One arm with one adapter, and the log of its answers."""

    plan: ArmPlan
    arm: Arm
    log: RunLog

    @property
    def name(self) -> str:
        return self.plan.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """An arm that this model cannot have, or that is not ready yet, with the reason."""

    name: str
    kind: str
    reason: str


def absent(project: Project) -> list[Absent]:
    """The configured arms that are not applicable."""
    return [
        Absent(name=plan.name, kind=plan.kind, reason=reason)
        for plan in project.plans()
        if (reason := _reason(project, plan))
    ]


def taking_part(project: Project) -> list[ArmPlan]:
    """The configured arms that are applicable, in order."""
    return [plan for plan in project.plans() if not _reason(project, plan)]


def seeds(project: Project, plan: ArmPlan) -> Sequence[int]:
    """The training seeds of an arm; arms without an adapter have one seat."""
    return project.config.compare.seeds if plan.tunes else (0,)


def seat(project: Project, plan: ArmPlan, seed: int, *, version: Version = "current") -> Seat:
    """Sit an arm down. Opens no model."""
    arm = project.arm(plan.name, version=version, seed=seed)
    return Seat(plan=plan, arm=arm, log=RunLog(project.workspace.run(arm.fingerprint)))


def _sharing(ready: Sequence[Seat]) -> list[Seat]:
    """Seats of arms that answer alike write to one log: the second one has nothing left to ask."""
    logs: dict[str, RunLog] = {}
    return [replace(one, log=logs.setdefault(one.arm.fingerprint, one.log)) for one in ready]


def seats(project: Project, *, partial: bool = False) -> list[Seat]:
    """Every applicable arm with each of its seeds.

    Args:
        partial: Leave out what is not ready (no adapter, an index behind the files), instead of raising.
    """
    ready = []
    for plan in taking_part(project):
        for seed in seeds(project, plan):
            try:
                ready.append(seat(project, plan, seed))
            except UsageError:
                if not partial:
                    raise
    return _sharing(ready)


def first_seats(ready: Sequence[Seat]) -> list[Seat]:
    """One seat for each arm, with its first training seed: what the probes ask."""
    first: dict[str, Seat] = {}
    for one in ready:
        first.setdefault(one.name, one)
    return list(first.values())


def updatable(ready: Sequence[Seat]) -> list[Seat]:
    """The first seats whose freshness can be told: an outside system's documents are not ours to change."""
    return [one for one in first_seats(ready) if one.plan.kind != "external"]


def waiting(project: Project, ready: Sequence[Seat]) -> list[Absent]:
    """The applicable arms that have no seat, and what they wait for."""
    seated = {one.name for one in ready}
    return [
        Absent(name=plan.name, kind=plan.kind, reason=_waits_for(project, plan))
        for plan in taking_part(project)
        if plan.name not in seated
    ]


def _waits_for(project: Project, plan: ArmPlan) -> str:
    if plan.retrieves and project.knowledge.content() is None:
        return "not yet: the index is behind the documents"
    if candidates(plan):
        return "not yet: its prompt is not chosen"
    if not plan.tunes:
        return f"not yet: {plan.model.name} cannot be opened"
    return "not yet: its adapter is not trained"


def _reason(project: Project, plan: ArmPlan) -> str:
    if reason := plan.impossible or forbidden(project, plan):
        return reason
    return "there are no training examples" if plan.tunes and not project.exam.division.train else ""
