"""The judge of single answers: what it is asked, of whom, and whether it may decide. Knows no model and no disk."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from openbook.compare.marking import judgements
from openbook.compare.marking.judgements import Heard, unheard
from openbook.compare.seats import Seat
from openbook.core import jsonl
from openbook.core.errors import ConfigError, DataError, UsageError
from openbook.core.ids import digest
from openbook.core.types import Answer, Example, Request
from openbook.project import Project
from openbook.score.grounding import TRUSTED
from openbook.score.judge import NAME, Bench, Judge, Labelled


def judge_of(project: Project) -> Judge | None:
    """The judge with all that it has said so far; None where none is asked for. Asks nothing.

    Raises:
        ConfigError: The judge is to decide, and nobody's labels are given; or it would be asked elsewhere, and no text
            may leave this machine.
        DataError: A line of the labels is wrong.
    """
    settings = project.config.judge
    judgements.check_private(project)
    if project.config.compare.metric == NAME and settings.model and not settings.alone:
        raise ConfigError(
            "[compare] metric: with [judge] alone = false no answer is judged by itself, so the judge has no figure to"
            " decide by. Leave `alone` out, or choose another metric."
        )
    if not settings.model or not settings.alone:
        return None
    if project.config.compare.metric == NAME and not settings.labels:
        raise ConfigError(
            "[compare] metric: a judge may decide only where it is shown to agree with people. Give [judge] labels, a"
            " JSONL of answers that people judged, or choose another metric; the judge's figure is shown all the same."
        )
    bench = bench_of(project)
    return Judge(bench, judgements.said(judgements.log(project, bench.id)), _labelled(project))


def bench_of(project: Project) -> Bench:
    settings = project.config.judge
    return Bench(
        criteria=settings.criteria,
        repeats=settings.repeats,
        temperature=settings.temperature,
        fingerprint=project.judging_generator.fingerprint,
    )


def judge_labels(project: Project, *, cancel: Event | None = None, heard: Heard = unheard) -> None:
    """Judge the labelled sample; a judge that is to decide must agree with people before anything else is done.

    Raises:
        UsageError: It does not agree well enough.
    """
    bench = bench_of(project)
    asked = [found for one in _labelled(project) for found in bench.questions(one.example, one.text)]
    judge_asked(project, asked, cancel=cancel, heard=heard)
    judge = judge_of(project)
    if judge is None or project.config.compare.metric != NAME or (cancel is not None and cancel.is_set()):
        return
    if not judge.trusted():
        raise UsageError(
            f"The judge may not decide: kappa with your labels must not lie below {TRUSTED:g}. {judge.remarks()[0]} Mend the"
            " criterion, label more answers, take another model, or choose another [compare] metric."
        )


def answers_to_judge(bench: Bench, seats: Sequence[Seat], questions: Sequence[Example]) -> list[tuple[str, Request]]:
    """(key, request) for every repeat of every recorded answer."""
    return [
        found
        for seat in seats
        for question in questions
        if (record := seat.log.records.get(question.key)) is not None and isinstance(record.result, Answer)
        for found in bench.questions(question, record.result.text)
    ]


def unasked(project: Project, asked: judgements.Asked) -> dict[str, Request]:
    """What of it has no reply yet, or one that failed in a way that may pass."""
    return judgements.open_questions(judgements.log(project, bench_of(project).id), asked)


def judge_asked(
    project: Project, asked: judgements.Asked, *, cancel: Event | None = None, heard: Heard = unheard
) -> None:
    """Ask what was not asked yet; see `judgements.ask`."""
    judgements.ask(project, judgements.log(project, bench_of(project).id), asked, cancel=cancel, heard=heard)


def _labelled(project: Project) -> list[Labelled]:
    source = project.config.judge.labels
    if not source:
        return []
    path = project.root / source
    return [_one_label(row, path, number) for number, row in jsonl.given(path, setting="[judge] labels")]


def _one_label(row: Any, path: Path, number: int) -> Labelled:
    fields = row if isinstance(row, dict) else {}
    texts = [fields.get(name) for name in ("input", "answer")]
    label = fields.get("label")
    met = label if isinstance(label, bool) else {"yes": True, "no": False}.get(str(label).strip().casefold())
    if not all(isinstance(text, str) for text in texts) or met is None:
        raise DataError(
            'each line needs `input`, `answer` and `label` ("yes" or "no"); `reference` and `group` may be there too.',
            path=path,
            line=number,
        )
    return Labelled(example=example_of(fields, texts), text=fields["answer"], met=met)


def example_of(fields: dict[str, Any], texts: Sequence[Any]) -> Example:
    """The question of a labelled line; what it is about is known by its texts."""
    reference = fields.get("reference")
    return Example(
        id=f"label-{digest(texts)}",
        input=fields["input"],
        references=(str(reference),) if reference else (),
        group=str(fields["group"]) if "group" in fields else None,
    )
