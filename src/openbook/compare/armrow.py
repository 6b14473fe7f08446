"""One arm's row of the report: its figures, failures, tokens, seconds, adapter and cost. Knows no other arm."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from openbook.compare.marking.chosen import choices_row
from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.paper import STRATA
from openbook.compare.probes import latency
from openbook.compare.promptsearch import search_row
from openbook.compare.rounded import rounded
from openbook.compare.seats import Seat
from openbook.compare.verdict.recipe import arm_recipe
from openbook.config import OUTSIDE
from openbook.core.types import Answer, Failure
from openbook.project import Project
from openbook.score.cost import answer_usd, machine_usd, per_1000

Json = dict[str, Any]


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
        "recipe": None if (recipe := arm_recipe(marks, name)) is None else rounded(asdict(recipe)),
        "scores": {
            metric.name: {
                stratum: rounded(asdict(cell))
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
