"""Asking the judge: only what it has not said yet, every reply on disk before the next. Knows no criterion.

Replies lie in `.openbook/judgements/<id>.jsonl`; the id is that of the judge's model, criterion and settings, so another
criterion begins another file and nothing is asked twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from openbook.compare.seats import Seat
from openbook.core import jsonl
from openbook.core.errors import ConfigError, DataError, EndpointError, UsageError, disk_errors
from openbook.core.ids import digest
from openbook.core.protocols import Generator
from openbook.core.types import Answer, Delta, Example, Failure, Request
from openbook.project import Project
from openbook.score.grounding import TRUSTED
from openbook.score.judge import NAME, Bench, Judge, Labelled

HOPELESS = 5
"""So many transient failures in a row: nobody is there to judge."""

Heard = Callable[[int, int], None]


def judge_of(project: Project) -> Judge | None:
    """The judge with all that it has said so far; None where none is asked for. Asks nothing.

    Raises:
        ConfigError: The judge is to decide, and nobody's labels are given.
        DataError: A line of the labels is wrong.
    """
    settings = project.config.judge
    if not settings.model:
        return None
    if project.config.compare.metric == NAME and not settings.labels:
        raise ConfigError(
            "[compare] metric: a judge may decide only where it is shown to agree with people. Give [judge] labels, a"
            " JSONL of answers that people judged, or choose another metric; the judge's figure is shown all the same."
        )
    bench = bench_of(project)
    return Judge(bench, _said(_file(project, bench)), _labelled(project))


def bench_of(project: Project) -> Bench:
    settings = project.config.judge
    return Bench(
        criteria=settings.criteria,
        repeats=settings.repeats,
        temperature=settings.temperature,
        fingerprint=project.judging_generator.fingerprint,
    )


def judge_labels(project: Project, *, cancel: Event | None = None, heard: Heard = lambda done, total: None) -> None:
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


def unasked(project: Project, asked: Sequence[tuple[str, Request]]) -> dict[str, Request]:
    """What of it has no reply yet, or one that failed in a way that may pass."""
    said = _said(_file(project, bench_of(project)))
    return {key: one for key, one in asked if _is_open(said.get(key))}


def _is_open(reply: str | Failure | None) -> bool:
    return reply is None or (isinstance(reply, Failure) and reply.transient)


def judge_asked(
    project: Project,
    asked: Sequence[tuple[str, Request]],
    *,
    cancel: Event | None = None,
    heard: Heard = lambda done, total: None,
) -> None:
    """Ask what was not asked yet.

    Raises:
        EndpointError: Several judgements in a row failed in a way that may pass; the rest is not asked.
    """
    todo = unasked(project, asked)
    if not todo:
        return
    file, failing = _file(project, bench_of(project)), 0
    for done, (key, result) in enumerate(_replies(project.judging_generator, todo, cancel), start=1):
        with disk_errors(str(file)):
            jsonl.append(file, [_row(key, result)])
        heard(done, len(todo))
        failing = failing + 1 if isinstance(result, Failure) and result.transient else 0
        if failing >= HOPELESS and isinstance(result, Failure):
            raise EndpointError(
                f"{failing} questions in a row got no answer from the judge, the last one because: {result.message} What"
                " was judged is kept; run the same command again to go on.",
                transient=True,
            )


def _replies(
    generator: Generator, todo: Mapping[str, Request], cancel: Event | None
) -> Iterator[tuple[str, Answer | Failure]]:
    keys = list(todo)
    for index, event in generator.stream(list(todo.values()), cancel):
        if not isinstance(event, Delta) and not (isinstance(event, Answer) and event.finish == "cancelled"):
            yield keys[index], event


def _row(key: str, result: Answer | Failure) -> dict[str, Any]:
    if isinstance(result, Answer):
        return {"key": key, "said": result.text}
    return {"key": key, "error": result.error, "message": result.message, "transient": result.transient}


def _said(file: Path) -> dict[str, str | Failure]:
    """The last reply to each question."""
    found: dict[str, str | Failure] = {}
    for row in jsonl.read(file):
        found[row["key"]] = (
            row["said"]
            if "said" in row
            else Failure(stage="judge", error=row["error"], message=row["message"], transient=row["transient"])
        )
    return found


def _file(project: Project, bench: Bench) -> Path:
    return project.workspace.folder / "judgements" / f"{bench.id}.jsonl"


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
    reference = fields.get("reference")
    example = Example(
        id=f"label-{digest(texts)}",
        input=fields["input"],
        references=(str(reference),) if reference else (),
        group=str(fields["group"]) if "group" in fields else None,
    )
    return Labelled(example=example, text=fields["answer"], met=met)
