"""Why answers were wrong: every wrong answer in one class, the first that holds of those in `causes`.

Works from records, examples and where the answers stand; asks nobody. Knows no page.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openbook.compare.causes.causes import NAMES, Cause, fix
from openbook.compare.causes.doubt import Other, contradicted, disputed
from openbook.compare.causes.evidence import Place, places, shown
from openbook.compare.marking.marks import Mark, Marks, mark
from openbook.compare.material import Material
from openbook.compare.seats import Seat, first_seats
from openbook.core.protocols import Metric
from openbook.core.types import Answer, Example, Failure, Score
from openbook.project import Project
from openbook.score.facts import has_facts, has_stale
from openbook.score.wording import words

Json = dict[str, Any]

SLACK = 3
"""Further words that may stand between those of a wording for it to be the right fact in another form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wrong answer in its class.

    Attributes:
        first: Whether it is of the arm's first training seed, whose texts the pages show.
    """

    arm: str
    question: str
    cause: Cause
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The wrong answers of a comparison.

    Attributes:
        below: An answer counts as wrong when its mark, turned so that 1 is best, is below this.
        answers: Arm → answers and failures, of all training seeds.
        kinds: Arm → its kind.
    """

    below: float
    cases: Sequence[Case]
    answers: Mapping[str, int]
    kinds: Mapping[str, str]

    @property
    def classes(self) -> dict[tuple[str, str], Cause]:
        """(arm, question id) → class, of the wrong answers that the pages show."""
        return {(case.arm, case.question): case.cause for case in self.cases if case.first}

    def counts(self, arm: str) -> dict[Cause, int]:
        """Class → wrong answers, every class in order."""
        found = Counter(case.cause for case in self.cases if case.arm == arm)
        return {cause: found[cause] for cause in NAMES}

    def row(self) -> Json:
        """The report's `why`."""
        counts = {arm: self.counts(arm) for arm in self.answers}
        return {
            "below": self.below,
            "arms": counts,
            "totals": {
                arm: {"wrong": sum(counts[arm].values()), "answers": answers} for arm, answers in self.answers.items()
            },
            "rows": [
                {"class": cause, "arm": arm, "count": counts[arm][cause], "fix": fix(cause, kind=self.kinds[arm])}
                for cause in NAMES
                for arm in self.answers
                if counts[arm][cause]
            ],
        }


WRONG_BELOW = 0.5
WRONG_BELOW_ROUGE = 0.25


def _wrong_below(primary: Metric, asked: float | None) -> float:
    if primary.binary:
        return 1.0
    usual = WRONG_BELOW_ROUGE if primary.name.startswith("rouge") else WRONG_BELOW
    return usual if asked is None else asked


def why_wrong(project: Project, material: Material, marks: Marks) -> Why:
    """Place every wrong answer of the paper's questions."""
    below = _wrong_below(marks.primary, project.config.compare.wrong_below)
    wrong = [(seat, question) for seat in material.seats for question in _wrong(material, marks, seat, below)]
    looking = {question.id: question for seat, question in wrong if _looks_up(seat, question)}
    place = places(project, list(looking.values())) if looking else {}
    firsts = {(seat.name, seat.arm.seed) for seat in first_seats(material.seats)}
    doubtful = _doubtful(project, [(seat, q) for seat, q in wrong if (seat.name, seat.arm.seed) in firsts])
    answers: Counter[str] = Counter()
    for seat in material.seats:
        answers[seat.name] += sum(question.key in seat.log.records for question in material.paper.questions)
    return Why(
        below=below,
        cases=[
            _case(
                seat,
                question,
                place.get(question.id, "unknown"),
                doubtful=question.id in doubtful,
                first=(seat.name, seat.arm.seed) in firsts,
                task=project.config.project.task,
            )
            for seat, question in wrong
        ],
        answers=dict(answers),
        kinds={seat.name: seat.plan.kind for seat in material.seats},
    )


def cause(
    example: Example,
    result: Answer | Failure,
    *,
    looks_up: bool,
    place: Place,
    seen: bool,
    doubtful: bool = False,
    knowing: bool = True,
) -> Cause:
    """The class of one wrong answer.

    Args:
        looks_up: Whether the arm was to be shown passages.
        place: Where the answer stands in the documents.
        seen: Whether the passages that it was shown held the answer.
        doubtful: Whether the example's reference is.
        knowing: Whether it takes knowledge to answer, and not the input alone.
    """
    if isinstance(result, Failure):
        return "failed"
    if result.finish == "length":
        return "cut"
    if doubtful:
        return "doubtful_reference"
    if has_stale(example, result.text):
        return "stale"
    if not example.answerable:
        return "wrong_form" if result.abstained else "answered_unanswerable"
    if not result.abstained and says_it(example, result.text):
        return "wrong_form"
    # To abstain without the answer before it is no mistake of an arm that looks up: the miss is.
    if looks_up and not seen and place != "unknown":
        return "not_in_documents" if place == "nowhere" else "not_retrieved"
    if result.abstained:
        return "wrongly_abstained"
    if not looks_up:
        return "not_known" if knowing else "unplaced"
    return "unused" if seen else "unplaced"


def says_it(example: Example, text: str) -> bool:
    """Whether a text has the right words, in whatever order and with a few between them; of every group of facts, or of
    one of the references where the example has no facts."""
    if example.facts and has_facts(example, text):
        return True
    groups = example.facts or (example.references,)
    said = _bare(text)
    return all(any(_near(said, _bare(wording)) for wording in group) for group in groups)


def _case(seat: Seat, question: Example, place: Place, *, doubtful: bool, first: bool, task: str) -> Case:
    result = seat.log.records[question.key].result
    looks_up = _looks_up(seat, question)
    seen = looks_up and isinstance(result, Answer) and shown(question, result.hits, place)
    # A text to be summarised or sorted holds what is asked for, unless the example says that documents do.
    knowing = task == "answer" or bool(question.facts or question.documents)
    return Case(
        arm=seat.name,
        question=question.id,
        cause=cause(question, result, looks_up=looks_up, place=place, seen=seen, doubtful=doubtful, knowing=knowing),
        first=first,
    )


def _looks_up(seat: Seat, question: Example) -> bool:
    """Whether the arm retrieves, or its answer came with passages of its own."""
    result = seat.log.records[question.key].result
    return seat.plan.retrieves or (isinstance(result, Answer) and bool(result.hits))


def _wrong(material: Material, marks: Marks, seat: Seat, below: float) -> Iterator[Example]:
    """The questions that a seat got wrong, failed answers among them; what was not marked is not wrong."""
    alone = sum(other.name == seat.name for other in material.seats) == 1
    found: Mapping[str, Mark]
    if alone:
        found = marks.of(seat.name, marks.primary.name)
    else:
        found = mark(marks.primary, material.paper.questions, seat.log.records)
    for question in material.paper.questions:
        record, given = seat.log.records.get(question.key), found.get(question.id)
        if record is None:
            continue
        if isinstance(record.result, Failure):
            yield question
        elif isinstance(given, Score) and len(given.values) == 1:
            value = given.values[0] if marks.primary.higher_is_better else 1 - given.values[0]
            if value < below:
                yield question


def _doubtful(project: Project, wrong: Sequence[tuple[Seat, Example]]) -> set[str]:
    """Ids of the wrongly answered questions whose reference is doubtful."""
    others: defaultdict[str, list[Other]] = defaultdict(list)
    for seat, question in wrong:
        result = seat.log.records[question.key].result
        if isinstance(result, Answer) and _is_another(question, result):
            others[question.id].append(Other(answer=result, looks_up=_looks_up(seat, question)))
    odds = contradicted(project.exam.examples, project.exam.groups.twins)
    questions = {question.id: question for _, question in wrong}
    return {name for name, question in questions.items() if name in odds or disputed(question, others[name])}


def _is_another(question: Example, answer: Answer) -> bool:
    """Whether it is a whole answer other than the reference, and not one that is known to be out of date."""
    whole = answer.finish == "stop" and not answer.abstained
    return whole and not has_stale(question, answer.text) and not says_it(question, answer.text)


def _bare(text: str) -> list[str]:
    """Words without signs of currency and the like, and without a plural's s."""
    return [word.removesuffix("s") for word in words(text) if any(map(str.isalnum, word))]


def _near(said: Sequence[str], wanted: Sequence[str]) -> bool:
    width, needed = len(wanted) + SLACK, Counter(wanted)
    if not wanted:
        return False
    starts = range(max(1, len(said) - width + 1))
    return any(not needed - Counter(said[start : start + width]) for start in starts)
