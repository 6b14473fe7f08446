"""The report as one JSON object: rebuilt from runs alone, the same runs giving the same bytes.

Its public part is the contract of `openbook compare --json`; `answers` (side by side, with passages) feeds the pages.
Knows neither models nor the index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from openbook.arms import CONTROLS
from openbook.compare.answerrow import answer_row
from openbook.compare.armrow import arm_row
from openbook.compare.causes.why import why_wrong
from openbook.compare.leaving import embedded_at
from openbook.compare.marking import bytag
from openbook.compare.marking.marks import Marks, mark
from openbook.compare.marking.parts import parts_row, remarks
from openbook.compare.material import Material
from openbook.compare.pages import forgetting_words
from openbook.compare.pages.classic import classic
from openbook.compare.paper import STRATA
from openbook.compare.planning.cuts import budget_row
from openbook.compare.probes import abstention, beside, forgotten, freshened, withstood
from openbook.compare.probes.freshness import Freshness
from openbook.compare.probes.growth import curve_row
from openbook.compare.rounded import rounded
from openbook.compare.seats import Seat, first_seats
from openbook.compare.sitting import this_machine
from openbook.compare.verdict import looks
from openbook.compare.verdict.best import against
from openbook.compare.verdict.constraints import Check, broken, checks
from openbook.compare.verdict.costs import costs_row
from openbook.compare.verdict.lifted import lifted
from openbook.compare.verdict.methods import method_notes
from openbook.compare.verdict.pairs import Pair, all_pairs
from openbook.compare.verdict.preferred import preferences_row
from openbook.compare.verdict.protocol import interaction_row, protocol_rows
from openbook.compare.verdict.recommend import Recommendation, Standing, recommend, recommendable
from openbook.compare.verdict.unnamed import unnamed
from openbook.core.contrasts import read_contrasts
from openbook.core.types import Example, Score
from openbook.project import Project
from openbook.score.cost import machine_usd
from openbook.score.stats import AgainstBest, mean_interval

VERSION = 6
"""Raised whenever the same runs would give another report."""

Json = dict[str, Any]


def build(project: Project, material: Material, marks: Marks, *, look: looks.Look = looks.FIRST) -> Json:
    """The whole report.

    Args:
        material: What was answered.
        marks: The same, marked.
        look: Which look at these questions it is: what its tests may spend.
    """
    config = project.config
    alpha = look.alpha(round(1 - config.compare.level, 10))
    declared = read_contrasts(config.compare.contrasts, config.compare.arms)
    pairs = all_pairs(
        marks, margin=config.compare.margin, alpha=alpha, contrasts=declared, adjust=config.compare.adjust
    )
    fresh = freshened.freshness_of(project, material)
    why = why_wrong(project, material, marks)
    arms = {name: arm_row(project, material, marks, name) for name in marks.arms}
    kept = forgotten.row(material.forgetting, level=config.compare.level)
    checked = _checked(project, material, arms, fresh)
    ranks = _ranks(marks, arms, broken(checked), alpha)

    def decide(given: Sequence[Check]) -> Recommendation:
        breaks = broken(given)
        standing = ranks if given is checked else _ranks(marks, arms, breaks, alpha)
        return _recommend(project, material, marks, pairs, arms, fresh, ranks=standing, breaks=breaks)

    chosen = decide(checked)
    chosen = replace(chosen, flips_if=(*chosen.flips_if, *lifted(chosen, checked, decide)))
    if chosen.reasons:
        chosen = replace(chosen, reasons=(*chosen.reasons, *forgetting_words.reasons(kept)))
    report = {
        "schema": 1,
        "project": {"name": project.name, "task": config.project.task},
        "metric": marks.primary.name,
        "margin": config.compare.margin,
        "level": config.compare.level,
        "metrics": [_metric_row(metric, primary=metric is marks.primary) for metric in marks.metrics],
        "parts": parts_row(marks, material.seats),
        "examples": examples_row(project, material),
        "documents": {"count": len(project.knowledge.files()), "skipped": project.knowledge.skipped()},
        "arms": {**arms, **{row.name: {"kind": row.kind, "not_applicable": row.reason} for row in material.absent}},
        "pairs": [rounded(asdict(pair)) for pair in pairs],
        **rounded(_protocol(project, material, pairs, ranks, checked, look=look, alpha=alpha)),
        "interaction": rounded(interaction_row(marks, arms, margin=config.compare.margin, alpha=alpha)),
        "probes": {
            "freshness": freshened.row(project, material, fresh),
            "gap": gap_of(material, marks),
            "forgetting": kept,
            **({"curve": drawn} if (drawn := curve_row(project, material, marks, alpha=alpha)) else {}),
            "abstention": abstention.row(material, marks, below=why.below),
            "robustness": withstood.row(material.robustness, marks, margin=config.compare.margin, alpha=alpha),
            **beside.rows(project, material, marks, pairs=pairs, kept=kept, arms=arms, alpha=alpha),
        },
        **({"preferences": liked} if (liked := preferences_row(project, material, marks, alpha=alpha)) else {}),
        "tags": bytag.row(marks),
        **({"budget": budget_row(project.budget)} if project.budget else {}),
        "why": why.row(),
        "costs": costs_of(project, material, arms),
        "methods": method_notes(material.seats, arms, [p for p in pairs if _decides(p, marks)]),
        "recommendation": chosen.row(),
        **_machines(material),
    }
    answers = [answer_row(material, marks, question, why.classes) for question in material.paper.questions]
    return {**report, "classic": classic(report), "answers": answers}


def _protocol(
    project: Project,
    material: Material,
    pairs: Sequence[Pair],
    ranks: Mapping[str, AgainstBest],
    checked: Sequence[Check],
    *,
    look: looks.Look,
    alpha: float,
) -> Json:
    lacking = unnamed(material.seats, train=project.exam.division.train, test=material.paper.questions)
    adjust = project.config.compare.adjust
    return protocol_rows(pairs, ranks, checked, look=look, alpha=alpha, adjust=adjust, found=lacking)


def examples_row(project: Project, material: Material) -> Json:
    division, paper = project.exam.division, material.paper
    return {
        "side": "dev" if material.dev else "test",
        "total": len(project.exam.examples),
        "train": len(division.train),
        "dev": len(division.dev),
        "dropped": len(division.dropped),
        "seen": len(division.seen),
        "new": len(division.new),
        "asked": {stratum: len(paper.of(stratum)) for stratum in STRATA},
        "groups": {s: len({paper.group[q.id] for q in paper.of(s)}) for s in ("all", *STRATA)},
        "split_seed": project.config.examples.split.seed,
    }


def costs_of(project: Project, material: Material, arms: Mapping[str, Json]) -> Json | None:
    """What a year costs, at the load that `[cost]` names."""
    cost, updated = project.config.cost, project.knowledge.seconds("updates") if material.updated else None
    return costs_row(
        arms,
        queries=cost.queries_per_month,
        updates=cost.updates_per_month,
        reindexing=None if updated is None else machine_usd(updated, usd_per_hour=cost.usd_per_hour),
    )


def gap_of(material: Material, marks: Marks) -> Json:
    """Primary metric of each tuned arm on training, dev and test questions: how much was learnt by heart."""
    rows: Json = {}
    for seat in first_seats(material.seats):
        if not seat.plan.tunes or not any(material.gap):
            continue
        train, dev = (_mean_row(marks, questions, seat) for questions in material.gap)
        cells = {stratum: marks.cell(seat.name, marks.primary, stratum) for stratum in STRATA}
        rows[seat.name] = {"train": train, "dev": dev, **{s: rounded(asdict(c)) for s, c in cells.items() if c}}
    return rows


def _mean_row(marks: Marks, questions: Sequence[Example], seat: Seat) -> Json | None:
    found = mark(marks.primary, questions, seat.log.records)
    scored = [(q, m.values[0]) for q in questions if isinstance(m := found.get(q.id), Score)]
    if not scored or len(next(m for m in found.values() if isinstance(m, Score)).values) > 1:
        return None
    groups = [marks.paper.group.get(q.id, q.id) for q, _ in scored]
    interval = mean_interval([value for _, value in scored], groups, marks.level)
    row: Json = rounded({"mean": interval.mean, "low": interval.low, "high": interval.high, "n": len(scored)})
    return row


def _checked(
    project: Project, material: Material, arms: Mapping[str, Json], fresh: Mapping[str, tuple[Freshness, Freshness]]
) -> list[Check]:
    """The user's constraints on every arm that took part."""
    plans = {seat.name: seat.plan for seat in material.seats}
    embedder = embedded_at(project) if project.config.constraints.private else ""
    rights = {name: after.right for name, (_, after) in fresh.items() if after.right.n}
    return [
        check
        for name, row in arms.items()
        for check in checks(
            project.config.constraints,
            name,
            row,
            fresh=rights[name].count / rights[name].n if name in rights else None,
            model=plans[name].model,
            embedder=embedder if plans[name].retrieves else "",
            accelerators={
                str(machine["accelerator"])
                for seat in material.seats
                if seat.name == name
                for machine in seat.log.machines
            },
        )
    ]


def _ranks(
    marks: Marks, arms: Mapping[str, Json], breaks: Mapping[str, str], alpha: float
) -> Mapping[str, AgainstBest]:
    """The arms that may be recommended, each against the best of the others."""
    able = [name for name in marks.arms if name not in breaks and recommendable(arms[name]["kind"])]
    return against(marks, [name for name in able if marks.cell(name, marks.primary, "all")], alpha=alpha)


def _recommend(
    project: Project,
    material: Material,
    marks: Marks,
    pairs: Sequence[Pair],
    arms: Mapping[str, Json],
    fresh: Mapping[str, tuple[Freshness, Freshness]],
    *,
    ranks: Mapping[str, AgainstBest],
    breaks: Mapping[str, str],
) -> Recommendation:
    allowed = project.config.compare.max_failures
    failed = {
        name: row["failures"]["count"]
        for name, row in arms.items()
        if row["asked"] and row["failures"]["count"] / row["asked"] > allowed and row["kind"] not in CONTROLS
    }
    standings = [s for name in marks.arms if (s := _standing(marks, name, arms[name], fresh.get(name))) is not None]
    return recommend(
        standings,
        [pair for pair in pairs if _decides(pair, marks)],
        metric=marks.primary.name,
        margin=project.config.compare.margin,
        groups=material.paper.groups,
        failed=failed,
        against=ranks,
        breaks=breaks,
        higher_is_better=marks.primary.higher_is_better,
    )


def _decides(pair: Pair, marks: Marks) -> bool:
    return (pair.metric, pair.stratum) == (marks.primary.name, "all")


def _standing(marks: Marks, name: str, arm: Json, fresh: tuple[Freshness, Freshness] | None) -> Standing | None:
    cell = marks.cell(name, marks.primary, "all")
    if cell is None:
        return None
    kpi = next(
        (m for m in marks.metrics[1:] if m.signature.startswith(("pattern|", "schema|", "call|", "style|"))), None
    )
    style = marks.cell(name, kpi, "all") if kpi else None
    return Standing(
        name=name,
        kind=arm["kind"],
        mean=cell.mean,
        low=cell.low,
        high=cell.high,
        form=kpi.name if kpi else "",
        style=style.mean if style else None,
        fresh=fresh[1].right.count / fresh[1].right.n if fresh and fresh[1].right.n else None,
        seconds=arm["seconds"].get("p50"),
        usd=arm["usd"]["per_1000"],
    )


def _metric_row(metric: Any, *, primary: bool) -> Json:
    return {
        "name": metric.name,
        "signature": metric.signature,
        "higher_is_better": metric.higher_is_better,
        "primary": primary,
        "remarks": remarks(metric),
    }


def _machines(material: Material) -> Json:
    """The machine that answered first; and all of them, where there were several."""
    found: list[Json] = []
    for seat in (*material.seats, *material.updated, *material.retuned):
        found += [machine for machine in seat.log.machines if machine not in found]
    return {"machine": found[0] if found else this_machine(), "machines": found}
