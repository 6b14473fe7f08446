"""The judge of pairs: which arms' answers are laid side by side, what is asked of them, and what people said.

Knows no model and no disk. Of an arm with several training seeds the first one's answers are judged.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from openbook.compare.marking import judgements
from openbook.compare.marking.judgements import Heard, unheard
from openbook.compare.marking.judging import example_of
from openbook.compare.seats import Seat, first_seats
from openbook.core import jsonl
from openbook.core.contrasts import read_contrasts
from openbook.core.errors import DataError
from openbook.core.ids import digest
from openbook.core.types import Answer, Example
from openbook.project import Project
from openbook.score.pairjudge import Case, PairBench, PairJudge, Side

LABELS: dict[str, Side] = {"a": "a", "b": "b", "tie": "tie"}
Names = tuple[str, str]


def named_pairs(project: Project) -> tuple[Names, ...]:
    """The pairs of arms that are to be judged; none without a judge."""
    settings = project.config.judge
    return read_contrasts(settings.pairs, project.config.compare.arms) if settings.model else ()


def pair_bench_of(project: Project) -> PairBench:
    settings = project.config.judge
    return PairBench(
        criteria=settings.criteria,
        repeats=settings.repeats,
        temperature=settings.temperature,
        fingerprint=project.judging_generator.fingerprint,
    )


def pair_judge_of(project: Project) -> PairJudge:
    """The judge with all that it has said of pairs so far. Asks nothing.

    Raises:
        DataError: A line of the labels is wrong.
    """
    bench = pair_bench_of(project)
    return PairJudge(bench, judgements.said(judgements.log(project, bench.id)), _labelled(project))


def cases(seats: Sequence[Seat], questions: Sequence[Example], pair: Names) -> dict[str, Case | None]:
    """Question id → its two answers, None where one of them failed; what was not asked of both is left out."""
    desks = {seat.name: seat.log.records for seat in first_seats(seats)}
    if not set(pair) <= set(desks):
        return {}
    found: dict[str, Case | None] = {}
    for question in questions:
        records = [desks[name].get(question.key) for name in pair]
        results = [record.result for record in records if record is not None]
        if len(results) == len(pair):
            texts = [result.text for result in results if isinstance(result, Answer)]
            found[question.id] = Case(example=question, a=texts[0], b=texts[1]) if len(texts) == len(pair) else None
    return found


def pairs_to_judge(project: Project, seats: Sequence[Seat], questions: Sequence[Example]) -> judgements.Asked:
    """(key, request) for every showing of every pair of recorded answers."""
    bench = pair_bench_of(project)
    known = [case for pair in named_pairs(project) for case in cases(seats, questions, pair).values()]
    return [found for case in known if case is not None for found in bench.questions(case)]


def labels_to_judge(project: Project) -> judgements.Asked:
    """(key, request) for every showing of the labelled pairs."""
    bench = pair_bench_of(project)
    return [found for case in _labelled(project) for found in bench.questions(case)]


def unasked_pairs(project: Project, asked: judgements.Asked) -> int:
    """How many of them have no reply yet."""
    return len(judgements.open_questions(judgements.log(project, pair_bench_of(project).id), asked))


def judge_pairs(
    project: Project, asked: judgements.Asked, *, cancel: Event | None = None, heard: Heard = unheard
) -> None:
    """Ask what was not asked yet; see `judgements.ask`."""
    file = judgements.log(project, pair_bench_of(project).id)
    judgements.ask(project, file, asked, cancel=cancel, heard=heard)


def heard_so_far(project: Project) -> str:
    """Of the pairs, the criterion, what people said, and what the judge has said: another one is another report."""
    pairs = named_pairs(project)
    if not pairs:
        return ""
    bench = pair_bench_of(project)
    known = judgements.said(judgements.log(project, bench.id))
    replies = {key: reply if isinstance(reply, str) else reply.message for key, reply in known.items()}
    people = [[case.example.input, case.a, case.b, case.label] for case in _labelled(project)]
    return digest([bench.id, bench.repeats, [list(pair) for pair in pairs], replies, people])


def _labelled(project: Project) -> list[Case]:
    source = project.config.judge.pair_labels
    if not source:
        return []
    path = project.root / source
    return [_one_label(row, path, number) for number, row in jsonl.given(path, setting="[judge] pair_labels")]


def _one_label(row: Any, path: Path, number: int) -> Case:
    fields = row if isinstance(row, dict) else {}
    texts = [fields.get(name) for name in ("input", "a", "b")]
    label = LABELS.get(str(fields.get("label")).strip().casefold())
    if not all(isinstance(text, str) for text in texts) or label is None:
        raise DataError(
            'each line needs `input`, `a`, `b` and `label` ("a", "b" or "tie"); `reference` and `group` may be there too.',
            path=path,
            line=number,
        )
    return Case(example=example_of(fields, texts), a=fields["a"], b=fields["b"], label=label)
