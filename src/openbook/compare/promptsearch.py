"""The prompt search: every candidate asked the same dev questions, the best by the primary metric taken, arm by arm.

Answers are runs like others, so a search that was interrupted goes on; the test's questions are never asked. Knows how to
choose, not how to ask: it is handed that.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openbook.compare.answers import missing
from openbook.compare.marking.marks import mark
from openbook.compare.paper import set_paper
from openbook.compare.runlog import RunLog
from openbook.compare.seats import Seat
from openbook.core.errors import ConfigError, EndpointError, UsageError
from openbook.core.protocols import Metric
from openbook.core.types import Answer, Example, Score, Usage
from openbook.project import ArmPlan, Project
from openbook.project.prompts import QUESTIONS, Found, candidates, simplicity
from openbook.score.cost import busy_seconds, machine_usd, tokens_usd
from openbook.score.judge import NAME as JUDGE

Json = dict[str, Any]
Ask = Callable[[Seat, Sequence[Example]], None]
"""Answers what is missing of some questions at one desk."""


def check(project: Project, metric: Metric) -> None:
    """Refuse a search that could not choose.

    Raises:
        ConfigError: The judge decides, and it judges when all is answered.
        UsageError: There are no dev questions.
    """
    if not any(candidates(plan) for plan in project.plans()):
        return
    if metric.name == JUDGE:
        raise ConfigError(
            "[prompt] search: a judge says what an answer is worth when all have answered, and so cannot choose between"
            " prompts. Choose another [compare] metric, or leave the search out."
        )
    if not project.exam.division.dev:
        raise UsageError(
            "[prompt] search chooses on dev questions, and there are none. Label more examples, or raise [examples.split]"
            " test."
        )


def questions(project: Project) -> Sequence[Example]:
    """The dev questions that every candidate of every arm is asked."""
    return set_paper(project.exam.division, project.exam.groups.keys, limit=QUESTIONS, dev=True).questions


def is_missing(project: Project, plan: ArmPlan, metric: Metric) -> bool:
    """Whether this arm's search must still be made, or made again since its metric marks otherwise."""
    if not candidates(plan):
        return False
    found = project.found_prompt(plan)
    return found is None or found.signature != metric.signature


def search(project: Project, plan: ArmPlan, metric: Metric, ask: Ask) -> Found | None:
    """Ask all candidates and choose; None, and nothing kept, where answers are missing since it was cancelled.

    Raises:
        EndpointError: Answers failed in a way that may pass by itself: that must not choose a prompt.
    """
    asked, rows = questions(project), []
    for candidate in candidates(plan):
        arm = project.arm_of(candidate)
        desk = Seat(plan=candidate, arm=arm, log=RunLog(project.workspace.run(arm.fingerprint)))
        ask(desk, asked)
        if any(question.key not in desk.log.records for question in asked):
            return None
        if failed := missing(desk.log.records, asked):
            raise EndpointError(
                f"{len(failed)} of {len(asked)} answers to a candidate for the prompt of {plan.name!r} failed in a way that"
                " may pass by itself. What was answered is kept; run the same command again to go on.",
                transient=True,
            )
        rows.append(_row(candidate, metric, asked, desk.log))
    found = Found(
        signature=metric.signature,
        chosen=_best(rows, [simplicity(one.prompt) for one in candidates(plan)], metric),
        questions=len(asked),
        candidates=tuple(rows),
    )
    project.keep_prompt(plan, found)
    return found


def _row(candidate: ArmPlan, metric: Metric, asked: Sequence[Example], log: RunLog) -> Json:
    """One candidate's prompt, score and cost. A failed answer counts as the worst there is, so that none is a gain."""
    marks = mark(metric, asked, log.records).values()
    scores = [one.values[0] for one in marks if isinstance(one, Score)]
    failures = sum(one is not None for one in marks) - len(scores)
    worst = 0.0 if metric.higher_is_better else 1.0
    marked = len(scores) + failures
    answers = [result for q in asked if isinstance(result := log.records[q.key].result, Answer)]
    used = sum((answer.usage for answer in answers), Usage())
    return {
        "instructions": candidate.prompt.instructions,
        "shots": candidate.prompt.shots,
        "shots_by": candidate.prompt.shots_by,
        "mean": round((sum(scores) + failures * worst) / marked, 9) if marked else None,
        "n": marked,
        "failures": failures,
        "seconds": round(sum(map(busy_seconds, answers)), 3),
        "tokens": {"input": used.input_tokens, "output": used.output_tokens},
    }


def _best(rows: Sequence[Json], simple: Sequence[tuple[int, bool, int]], metric: Metric) -> int:
    """The best mean; of equals the simplest."""
    sign = -1 if metric.higher_is_better else 1
    marked = [place for place, row in enumerate(rows) if row["mean"] is not None]
    return min(marked, key=lambda place: (sign * rows[place]["mean"], simple[place], place), default=0)


def search_row(project: Project, plan: ArmPlan) -> Json | None:
    """The report's row of an arm's search: all candidates, the chosen one, and what it cost; None without a search."""
    found = project.found_prompt(plan) if candidates(plan) else None
    if found is None:
        return None
    spent = Usage(
        input_tokens=sum(row["tokens"]["input"] for row in found.candidates),
        output_tokens=sum(row["tokens"]["output"] for row in found.candidates),
    )
    seconds = sum(row["seconds"] for row in found.candidates)
    return {
        "questions": found.questions,
        "candidates": [{**row, "chosen": place == found.chosen} for place, row in enumerate(found.candidates)],
        "seconds": round(seconds, 3),
        "tokens": {"input": spent.input_tokens, "output": spent.output_tokens},
        "usd": _usd(project, plan, seconds, spent),
    }


def _usd(project: Project, plan: ArmPlan, seconds: float, spent: Usage) -> float | None:
    cost, model = project.config.cost, plan.model.name
    prices = cost.prices.get(model) or cost.prices.get(model.removeprefix("openai:"))
    if prices is not None:
        return round(tokens_usd(spent, prices=prices), 6)
    return None if model.startswith("openai:") else round(machine_usd(seconds, usd_per_hour=cost.usd_per_hour), 6)


def notes(report: Mapping[str, Any]) -> list[str]:
    """Sentences under the table: what was searched, what it cost, what it brought, and who kept the given prompt."""
    rows = {name: row for name, arm in report["arms"].items() if (row := arm.get("search"))}
    if not rows:
        return []
    first = next(iter(rows.values()))
    told = "; ".join(f"{name} {_chosen(row)}" for name, row in rows.items())
    lines = [
        f"Prompts searched on {first['questions']} dev questions, {len(first['candidates'])} candidates for each arm: {told}."
        " A mean that was chosen as the best of several is too high."
    ]
    kept = [name for name, arm in report["arms"].items() if arm.get("adapter")]
    if kept:
        lines.append(f"{', '.join(kept)}: not searched, since the prompt is part of what was trained.")
    return lines


def _chosen(row: Mapping[str, Any]) -> str:
    chosen = next(one for one in row["candidates"] if one["chosen"])
    given, mean = row["candidates"][0]["mean"], chosen["mean"]
    means = "" if mean is None or given is None else f", {mean:.2f} (the given prompt {given:.2f})"
    return f"{described(chosen)}{means}, {row['seconds']:.0f} s"


def described(candidate: Mapping[str, Any]) -> str:
    """Worked examples of a candidate in a few words."""
    shots = candidate["shots"]
    return (
        "no worked example"
        if not shots
        else f"{shots} {candidate['shots_by']} worked example{'s' if shots > 1 else ''}"
    )


HEADS = ("arm", "instructions", "worked examples", "mean on dev", "n", "failed", "seconds", "tokens")


def cells(report: Mapping[str, Any]) -> list[list[str]]:
    """The rows under `HEADS`: every candidate of every arm, the chosen one marked."""
    return [
        [
            f"{name}{' (chosen)' if one['chosen'] else ''}",
            one["instructions"],
            described(one).removesuffix(" worked examples").removesuffix(" worked example"),
            "–" if one["mean"] is None else f"{one['mean']:.3f}",
            str(one["n"]),
            str(one["failures"]),
            f"{one['seconds']:.1f}",
            f"{one['tokens']['input'] + one['tokens']['output']:,}",
        ]
        for name, arm in report["arms"].items()
        for one in (arm.get("search") or {"candidates": ()})["candidates"]
    ]
