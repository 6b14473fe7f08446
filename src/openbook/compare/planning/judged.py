"""What a judge will be asked before a comparison stands, how long that takes and what it costs. Asks nothing.

Before there are answers, references stand in for them: their length is what a price hangs on.
"""

from collections.abc import Sequence
from typing import Any

from openbook.compare.marking import judging, pairjudging
from openbook.compare.marking.judgements import Asked
from openbook.compare.planning.expected import CALL_SECONDS
from openbook.compare.seats import Seat, seat, seeds
from openbook.core.errors import OpenbookError
from openbook.core.types import Example, Usage
from openbook.project import ArmPlan, Project
from openbook.score.cost import tokens_usd
from openbook.score.pairjudge import Case

CHARACTERS_PER_TOKEN = 4
"""Of English, roughly."""

REPLY_TOKENS = 2

Json = dict[str, Any]


def rows(project: Project, plans: Sequence[ArmPlan], questions: Sequence[Example], *, afresh: bool) -> list[Json]:
    """`what`, `seconds` and `done` of each of the judge's steps; none without a judge."""
    settings = project.config.judge
    if not settings.model:
        return []
    desks = [] if afresh else _seats(project, plans)
    steps = [_alone(project, plans, desks, questions)] if settings.alone else []
    return steps + ([_pairs(project, plans, desks, questions)] if settings.pairs else [])


def _alone(project: Project, plans: Sequence[ArmPlan], desks: Sequence[Seat], questions: Sequence[Example]) -> Json:
    bench = judging.bench_of(project)
    asked = judging.answers_to_judge(bench, desks, questions)
    total = sum(len(seeds(project, plan)) for plan in plans) * len(questions) * project.config.judge.repeats
    left = total - len(asked) + (len(judging.unasked(project, asked)) if asked else 0)
    stand_ins = [found for one in questions for found in bench.questions(one, one.reference)]
    return _row(project, "judge", total, left, asked or stand_ins)


def _pairs(project: Project, plans: Sequence[ArmPlan], desks: Sequence[Seat], questions: Sequence[Example]) -> Json:
    """Answers that are the same text are not shown, so that once they are there it may be fewer."""
    names, bench = {plan.name for plan in plans}, pairjudging.pair_bench_of(project)
    pairs = [pair for pair in pairjudging.named_pairs(project) if set(pair) <= names]
    known = [case for pair in pairs for case in pairjudging.cases(desks, questions, pair).values()]
    asked = [found for case in known if case is not None for found in bench.questions(case)]
    missing = (len(pairs) * len(questions) - len(known)) * bench.repeats
    labels = pairjudging.labels_to_judge(project)
    left = missing + pairjudging.unasked_pairs(project, [*asked, *labels])
    stand_ins = [Case(example=one, a=one.reference, b=f"{one.reference}.") for one in questions]
    imagined = [found for case in stand_ins for found in bench.questions(case)]
    return _row(project, "judge pairs", missing + len(asked) + len(labels), left, asked or imagined)


def _seats(project: Project, plans: Sequence[ArmPlan]) -> list[Seat]:
    """The arms that have a place already; none where an index or an adapter is missing."""
    if not (project.workspace.folder / "runs").exists():
        return []
    try:
        return [seat(project, plan, seed) for plan in plans for seed in seeds(project, plan)]
    except OpenbookError:
        return []


def _row(project: Project, what: str, total: int, left: int, asked: Asked) -> Json:
    model = project.judging_model
    called = model.name.startswith("openai:")
    each = CALL_SECONDS / model.concurrency if called else 0.01 if ":" in model.name else 1.0
    count = left or total
    told = f"{what}: {count} replies of {model.name}{_price(project, count, asked)}"
    return {"what": told, "seconds": count * each, "done": not left}


def _price(project: Project, count: int, asked: Asked) -> str:
    """What the calls of an endpoint cost, from the prices in `[cost.prices]`."""
    name = project.judging_model.name
    prices = project.config.cost.prices.get(name) or project.config.cost.prices.get(name.removeprefix("openai:"))
    if prices is None:
        return ", price not known ([cost.prices])" if name.startswith("openai:") else ""
    read = sum(len(message.content) for _, one in asked for message in one.messages) / max(1, len(asked))
    usage = Usage(input_tokens=round(read / CHARACTERS_PER_TOKEN), output_tokens=REPLY_TOKENS)
    return f", about ${count * tokens_usd(usage, prices=prices):.2f}"
