"""The report as one JSON object: rebuilt from runs alone, the same runs giving the same bytes.

Its public part is the contract of `openbook compare --json`; `answers` (side by side, with passages) feeds the pages.
Knows neither models nor the index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from openbook.arms import CONTROLS
from openbook.compare.causes.why import why_wrong
from openbook.compare.comparison import Material, this_machine
from openbook.compare.marking import bytag
from openbook.compare.marking.chosen import choices_row
from openbook.compare.marking.marks import Cell, Marks, mark
from openbook.compare.marking.parts import parts_row, remarks
from openbook.compare.pages import forgetting_words
from openbook.compare.pages.classic import classic
from openbook.compare.paper import STRATA
from openbook.compare.planning.cuts import budget_row
from openbook.compare.probes import abstention, beside, forgotten, latency, withstood
from openbook.compare.probes.freshness import Freshness, tally
from openbook.compare.probes.growth import curve_row
from openbook.compare.promptsearch import search_row
from openbook.compare.seats import Seat, first_seats, updatable
from openbook.compare.verdict import looks
from openbook.compare.verdict.best import against
from openbook.compare.verdict.constraints import Check, broken, checks
from openbook.compare.verdict.costs import costs_row
from openbook.compare.verdict.methods import method_notes
from openbook.compare.verdict.pairs import Pair, all_pairs
from openbook.compare.verdict.protocol import interaction_row, protocol_rows
from openbook.compare.verdict.recipe import arm_recipe
from openbook.compare.verdict.recommend import Recommendation, Standing, recommend, recommendable
from openbook.config import OUTSIDE
from openbook.core.contrasts import read_contrasts
from openbook.core.types import Answer, Example, Failure, Score
from openbook.project import Project
from openbook.score.cost import answer_usd, machine_usd, per_1000
from openbook.score.stats import AgainstBest, mean_interval

VERSION = 4
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
    fresh = freshness_of(project, material)
    why = why_wrong(project, material, marks)
    arms = {name: arm_row(project, material, marks, name) for name in marks.arms}
    kept = forgotten.row(material.forgetting, level=config.compare.level)
    checked = _checked(project, material, arms, fresh)
    ranks = _ranks(marks, arms, broken(checked), alpha)
    chosen = _recommend(project, material, marks, pairs, arms, fresh, ranks=ranks, breaks=broken(checked))
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
        "pairs": [_pair_row(pair) for pair in pairs],
        **_rounded(protocol_rows(pairs, ranks, checked, look=look, alpha=alpha, adjust=config.compare.adjust)),
        "interaction": _rounded_value(interaction_row(marks, arms, margin=config.compare.margin, alpha=alpha)),
        "probes": {
            "freshness": _freshness_row(project, material, fresh),
            "gap": gap_of(material, marks),
            "forgetting": kept,
            **({"curve": drawn} if (drawn := curve_row(project, material, marks, alpha=alpha)) else {}),
            "abstention": abstention.row(material, marks, below=why.below),
            "robustness": withstood.row(material.robustness, marks, margin=config.compare.margin, alpha=alpha),
            **beside.rows(project, material, marks, pairs=pairs, kept=kept, arms=arms, alpha=alpha),
        },
        "tags": bytag.row(marks),
        **({"budget": budget_row(project.budget)} if project.budget else {}),
        "why": why.row(),
        "costs": costs_of(project, material, arms),
        "methods": method_notes(material.seats, arms, [p for p in pairs if _decides(p, marks)]),
        "recommendation": chosen.row(),
        **_machines(material),
    }
    answers = [_answer_rows(material, marks, question, why.classes) for question in material.paper.questions]
    return {**report, "classic": classic(report), "answers": answers}


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


def arm_row(project: Project, material: Material, marks: Marks, name: str) -> Json:
    """Scores, seconds, tokens and cost of one arm."""
    seats = [seat for seat in material.seats if seat.name == name]
    results = [
        record.result
        for seat in seats
        for question in material.paper.questions
        if (record := seat.log.records.get(question.key)) is not None
    ]
    answers = [result for result in results if isinstance(result, Answer)]
    return {
        "kind": seats[0].plan.kind,
        "model": seats[0].plan.model.name,
        "seeds": [seat.arm.seed for seat in seats],
        "runs": [seat.arm.fingerprint for seat in seats],
        "settings": seats[0].arm.settings,
        "choices": choices_row(project, seats[0], answers),
        "search": search_row(project, seats[0].plan),
        "adapter": _adapter_row(project, seats),
        "recipe": None if (recipe := arm_recipe(marks, name)) is None else _rounded(asdict(recipe)),
        "scores": {
            metric.name: {
                stratum: _cell_row(cell)
                for stratum in ("all", *STRATA)
                if (cell := marks.cell(name, metric, stratum)) is not None
            }
            for metric in marks.metrics
        },
        "asked": len(results),
        "failures": _failures_row(results),
        "cut": sum(answer.finish == "length" for answer in answers),
        "abstained": sum(answer.abstained for answer in answers),
        "tokens": _tokens_row(answers),
        "seconds": latency.summary([row for seat in seats for row in _timings(seat, material)]),
        "usd": _usd_row(project, seats, answers),
    }


def _failures_row(results: Sequence[Answer | Failure]) -> Json:
    failures = [result for result in results if isinstance(result, Failure)]
    kinds = sorted({f"{failure.error}: {failure.message}"[:300] for failure in failures})
    return {"count": len(failures), "transient": sum(f.transient for f in failures), "messages": kinds[:5]}


def _tokens_row(answers: Sequence[Answer]) -> Json:
    n = max(1, len(answers))
    return {
        "input": round(sum(answer.usage.input_tokens for answer in answers) / n, 1),
        "output": round(sum(answer.usage.output_tokens for answer in answers) / n, 1),
    }


def _timings(seat: Seat, material: Material) -> list[latency.Timing]:
    if seat.plan.scheme == "recorded":
        return latency.told(seat.log.records, material.paper.questions)
    known = latency.timings(seat.log.folder)
    return [known[question.key] for question in material.latency if question.key in known]


def _usd_row(project: Project, seats: Sequence[Seat], answers: Sequence[Answer]) -> Json:
    cost, model = project.config.cost, seats[0].plan.model.name
    prices = cost.prices.get(model) or cost.prices.get(model.removeprefix("openai:"))
    counted = any(answer.usage.input_tokens or answer.usage.output_tokens for answer in answers)
    outside = seats[0].plan.scheme in OUTSIDE
    priceless = (prices is None and (outside or model.startswith("openai:"))) or (outside and not counted)
    trained = _adapters(project, seats)
    indexed = project.knowledge.seconds() if seats[0].plan.retrieves else 0.0
    rate = cost.usd_per_hour
    # What an endpoint or an outside system without prices asks for is unknown; the time spent waiting says nothing.
    each = [] if priceless else [answer_usd(answer, usd_per_hour=rate, prices=prices) for answer in answers]
    return {
        "training": round(machine_usd(sum(a.seconds for a in trained) / max(1, len(trained)), usd_per_hour=rate), 6),
        "indexing": round(machine_usd(indexed, usd_per_hour=rate), 6),
        "per_1000": None if (mean := per_1000(each)) is None else round(mean, 6),
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


def _adapters(project: Project, seats: Sequence[Seat]) -> list[Any]:
    found = [project.adapter(s.name, seed=s.arm.seed) for s in seats if s.plan.tunes]
    return [adapter for adapter in found if adapter is not None]


def _adapter_row(project: Project, seats: Sequence[Seat]) -> Json | None:
    trained = _adapters(project, seats)
    if not trained:
        return None
    first = trained[0]
    return {
        "fingerprints": [adapter.fingerprint for adapter in trained],
        "rows": first.rows,
        "steps": first.steps,
        "tokens": first.tokens,
        "seconds": round(sum(adapter.seconds for adapter in trained) / len(trained), 1),
        "epochs": seats[0].plan.tune.epochs,
        "last_loss": round(first.losses[-1][1], 4) if first.losses else None,
        "dev_loss": None if first.dev_loss is None else round(first.dev_loss, 4),
    }


def freshness_of(project: Project, material: Material) -> dict[str, tuple[Freshness, Freshness]]:
    """Arm → (before, after); an arm that an update cannot touch has the same twice."""
    level = project.config.compare.level
    updated = {seat.name: seat for seat in material.updated}
    found: dict[str, tuple[Freshness, Freshness]] = {}
    for seat in updatable(material.seats) if material.freshness else ():
        later = updated.get(seat.name) if seat.plan.retrieves else seat
        if later is not None:
            found[seat.name] = (
                tally(material.freshness, seat.log.records, level=level),
                tally(material.freshness, later.log.records, level=level),
            )
    return found


def _freshness_row(
    project: Project, material: Material, fresh: Mapping[str, tuple[Freshness, Freshness]]
) -> Json | None:
    if not fresh:
        return None
    return {
        "facts": len({question.fact or question.id for question in material.freshness}),
        "questions": len(material.freshness),
        "update_seconds": round(project.knowledge.seconds("updates"), 2),
        "arms": {name: {"before": _tally_row(b), "after": _tally_row(a)} for name, (b, a) in fresh.items()},
    }


def _tally_row(tallied: Freshness) -> Json:
    return {
        **{kind: _rounded(asdict(share)) for kind, share in tallied.shares.items()},
        "right": _rounded(asdict(tallied.right)),
        "failures": tallied.failures,
    }


def gap_of(material: Material, marks: Marks) -> Json:
    """Primary metric of each tuned arm on training, dev and test questions: how much was learnt by heart."""
    rows: Json = {}
    for seat in first_seats(material.seats):
        if not seat.plan.tunes or not any(material.gap):
            continue
        train, dev = (_mean_row(marks, questions, seat) for questions in material.gap)
        cells = {stratum: marks.cell(seat.name, marks.primary, stratum) for stratum in STRATA}
        rows[seat.name] = {"train": train, "dev": dev, **{s: _cell_row(c) for s, c in cells.items() if c}}
    return rows


def _mean_row(marks: Marks, questions: Sequence[Example], seat: Seat) -> Json | None:
    found = mark(marks.primary, questions, seat.log.records)
    scored = [(q, m.values[0]) for q in questions if isinstance(m := found.get(q.id), Score)]
    if not scored or len(next(m for m in found.values() if isinstance(m, Score)).values) > 1:
        return None
    groups = [marks.paper.group.get(q.id, q.id) for q, _ in scored]
    interval = mean_interval([value for _, value in scored], groups, marks.level)
    return _rounded({"mean": interval.mean, "low": interval.low, "high": interval.high, "n": len(scored)})


def _checked(
    project: Project, material: Material, arms: Mapping[str, Json], fresh: Mapping[str, tuple[Freshness, Freshness]]
) -> list[Check]:
    """The user's constraints on every arm that took part."""
    models = {seat.name: seat.plan.model for seat in material.seats}
    rights = {name: after.right for name, (_, after) in fresh.items() if after.right.n}
    return [
        check
        for name, row in arms.items()
        for check in checks(
            project.config.constraints,
            name,
            row,
            fresh=rights[name].count / rights[name].n if name in rights else None,
            model=models[name],
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


def _answer_rows(material: Material, marks: Marks, question: Example, classes: Mapping[tuple[str, str], str]) -> Json:
    """One question with every arm's answer: what the pages show side by side."""
    rows: Json = {}
    for seat in first_seats(material.seats):
        record = seat.log.records.get(question.key)
        if record is not None:
            rows[seat.name] = _one_answer(marks, seat.name, question, record.result)
            if (seat.name, question.id) in classes:
                rows[seat.name]["why"] = classes[seat.name, question.id]
    return {
        "id": question.id,
        "input": question.input,
        "reference": question.reference,
        "stratum": marks.paper.stratum[question.id],
        "group": marks.paper.group[question.id],
        "tags": list(question.tags),
        "documents": list(question.documents),
        "arms": rows,
    }


def _one_answer(marks: Marks, arm: str, question: Example, result: Answer | Failure) -> Json:
    if isinstance(result, Failure):
        return {"failure": f"{result.stage}: {result.message}"}
    found = {metric.name: marks.of(arm, metric.name).get(question.id) for metric in marks.metrics}
    return {
        "text": result.text,
        "cut": result.finish == "length",
        "abstained": result.abstained,
        "marks": {
            name: round(m.values[0], 4) for name, m in found.items() if isinstance(m, Score) and len(m.values) == 1
        },
        "passages": [
            {"label": hit.chunk.label, "path": hit.chunk.heading_path, "text": hit.chunk.text} for hit in result.hits
        ],
        "cited": [citation.label for citation in result.citations],
    }


def _metric_row(metric: Any, *, primary: bool) -> Json:
    return {
        "name": metric.name,
        "signature": metric.signature,
        "higher_is_better": metric.higher_is_better,
        "primary": primary,
        "remarks": remarks(metric),
    }


def _cell_row(cell: Cell) -> Json:
    return _rounded(asdict(cell))


def _pair_row(pair: Pair) -> Json:
    return _rounded(asdict(pair))


def _rounded(row: Json) -> Json:
    return {key: _rounded_value(value) for key, value in row.items()}


def _rounded_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _rounded(value)
    if isinstance(value, list | tuple):
        return [_rounded_value(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value


def _machines(material: Material) -> Json:
    """The machine that answered first; and all of them, where there were several."""
    found: list[Json] = []
    for seat in (*material.seats, *material.updated):
        found += [machine for machine in seat.log.machines if machine not in found]
    return {"machine": found[0] if found else this_machine(), "machines": found}
