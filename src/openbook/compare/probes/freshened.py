"""What the freshness probe showed, for the report: every arm at every stage, what was exchanged, what each step took.

Stages: before the change; at once after it, when the documents are new and the index is not; after re-indexing; and,
where asked for, after training anew. Knows answers that are there, not how they came about.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from openbook.compare.material import Material
from openbook.compare.probes import retune
from openbook.compare.probes.freshness import Freshness, tally
from openbook.compare.rounded import rounded
from openbook.compare.seats import Seat, updatable
from openbook.core.types import Adapter
from openbook.project import Project
from openbook.score.cost import machine_usd

Json = dict[str, Any]


def freshness_of(project: Project, material: Material) -> dict[str, tuple[Freshness, Freshness]]:
    """Arm → (before, after); an arm that an update cannot touch has the same twice."""
    level = project.config.compare.level
    found: dict[str, tuple[Freshness, Freshness]] = {}
    for seat in updatable(material.seats) if material.freshness else ():
        later = _after(material, seat)
        if later is not None:
            found[seat.name] = (
                tally(material.freshness, seat.log.records, level=level),
                tally(material.freshness, later.log.records, level=level),
            )
    return found


def row(project: Project, material: Material, fresh: Mapping[str, tuple[Freshness, Freshness]]) -> Json | None:
    """The report's `probes.freshness`; None without changed facts, unless they were to be made and none could be."""
    made = project.second.made if project.second.by == "made" else None
    if not fresh and (made is None or material.freshness):
        return None
    retuned = _retuned(project, material)
    arms = {
        # An index that nobody touched answers as it did, so what was asked before holds until it is brought up to date.
        name: {"before": _row(b), "at_once": _row(b), "after": _row(a)} | ({"retuned": new} if new else {})
        for name, (b, a) in fresh.items()
        for new in [retuned.get(name)]
    }
    return {
        "origin": project.second.by,
        "facts": len({question.fact or question.id for question in material.freshness}),
        "questions": len(material.freshness),
        "update_seconds": round(project.knowledge.seconds("updates"), 2) if material.freshness else 0.0,
        "arms": arms,
        "steps": _steps(project, material),
        "swaps": [asdict(swap) for swap in made.swaps] if made else [],
        "refused": dict(made.refused) if made else {},
    }


def _after(material: Material, seat: Seat) -> Seat | None:
    """The arm once its index is up to date."""
    updated = {one.name: one for one in material.updated}
    return updated.get(seat.name) if seat.plan.retrieves else seat


def _retuned(project: Project, material: Material) -> dict[str, Json]:
    """Arm → the facts that were taught in some words, asked in others: with the old adapter and with the new one."""
    questions, level = (
        retune.asked(project, material.freshness) if material.retuned else [],
        project.config.compare.level,
    )
    first = {one.name: one for one in updatable(material.seats)}
    found: dict[str, Json] = {}
    for new in material.retuned:
        old = _after(material, first[new.name]) if new.name in first else None
        adapter = _adapter(project, new)
        if old is None or adapter is None or not any(question.key in new.log.records for question in questions):
            continue
        found[new.name] = {
            "questions": len(questions),
            "facts": len({question.fact or question.id for question in questions}),
            "rows": adapter.rows,
            "taught": len(retune.taught(project)),
            "without": _row(tally(questions, old.log.records, level=level)),
            "with": _row(tally(questions, new.log.records, level=level)),
        }
    return found


def _steps(project: Project, material: Material) -> list[Json]:
    """What keeping up took, in order; each step's seconds are measured, its price is this machine's."""
    retrieving = [seat.name for seat in material.updated]
    steps = [("re-index", retrieving, project.knowledge.seconds("updates"))] if retrieving else []
    for seat in material.retuned:
        adapter = _adapter(project, seat)
        steps += [("re-tune", [seat.name], adapter.seconds)] if adapter else []
    rate = project.config.cost.usd_per_hour
    return [
        {
            "step": step,
            "arms": arms,
            "seconds": round(seconds, 3),
            "usd": round(machine_usd(seconds, usd_per_hour=rate), 6),
        }
        for step, arms, seconds in steps
    ]


def _adapter(project: Project, seat: Seat) -> Adapter | None:
    return retune.point(project, project.plan(seat.name)).adapter(seat.name, seed=seat.arm.seed)


def _row(tallied: Freshness) -> Json:
    return {
        **{kind: rounded(asdict(share)) for kind, share in tallied.shares.items()},
        "right": rounded(asdict(tallied.right)),
        "failures": tallied.failures,
    }
