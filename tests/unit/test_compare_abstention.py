"""Answering and abstaining: what became of every question, how risky the answers are, and whether an arm can tell."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.marking.marks import Marks
from openbook.compare.material import Material
from openbook.compare.pages import abstention_words
from openbook.compare.paper import Paper
from openbook.compare.probes import abstention
from openbook.compare.probes.abstention import kind_of
from openbook.compare.seats import Seat
from openbook.core.types import Answer, Example, Failure, Record, Score
from openbook.score.facts import FactsRight
from openbook.score.text import TokenF1
from small_project import answered, desk, example, failed, hit, paper

KNOWN = [example(f"q{number}", facts=((f"£{number}",),)) for number in range(20)]
UNKNOWN = [example(f"u{number}", answerable=False) for number in range(10)]
ASKED = [*KNOWN, *UNKNOWN]
NOT_KNOWN = "I don't know."


def right(question: Example, **fields: Any) -> Record:
    return answered(question, question.facts[0][0], **fields)


def silent(question: Example, **fields: Any) -> Record:
    return answered(question, NOT_KNOWN, abstained=True, **fields)


def typical(**fields: Any) -> list[Record]:
    """12 right, 4 wrong, 4 abstained; 7 abstained, 3 made up."""
    given = [right(question, **fields) for question in KNOWN[:12]]
    given += [answered(question, "£99", **fields) for question in KNOWN[12:16]]
    given += [silent(question) for question in KNOWN[16:]]
    given += [silent(question) for question in UNKNOWN[:7]]
    return given + [answered(question, "£5", **fields) for question in UNKNOWN[7:]]


def row(*desks: Seat, metric: Any = None, below: float = 1.0) -> Any:
    asked = paper(ASKED)
    marks = Marks(asked, [metric or FactsRight()], desks, level=0.95)
    return abstention.row(material(asked, desks), marks, below=below)


def material(asked: Paper, desks: Sequence[Seat]) -> Material:
    return Material(paper=asked, dev=False, seats=desks, absent=(), updated=(), freshness=(), gap=((), ()), latency=())


def of(folder: Path, records: list[Record], *, kind: str = "base", **options: Any) -> Any:
    return row(desk(folder, kind, records, kind=kind), **options)["arms"][kind]


def section(probe: Any) -> Any:
    return abstention_words.section({"metric": "facts", "probes": {"abstention": probe}})


def test_every_question_is_told_once(tmp_path: Path) -> None:
    found = of(tmp_path, typical())
    assert found["answerable"] == {"n": 20, "right": 12, "wrong": 4, "abstained": 4, "failures": 0}
    assert found["unanswerable"] == {"n": 10, "abstained": 7, "made_up": 3, "failures": 0}
    assert found["answered"]["mean"] == pytest.approx(19 / 30, abs=1e-6)
    assert (found["risk"]["mean"], found["risk"]["n"]) == (pytest.approx(7 / 19, abs=1e-6), 19)
    assert found["abstains_wrongly"]["mean"] == 0.2
    assert found["makes_up"]["mean"] == 0.3
    for share in ("answered", "risk", "abstains_wrongly", "makes_up"):
        assert found[share]["low"] < found[share]["mean"] < found[share]["high"]


def test_intervals_are_over_groups(tmp_path: Path) -> None:
    alone = of(tmp_path / "a", typical())
    together = paper(ASKED, {one.id: str(place // 5) for place, one in enumerate(ASKED)})
    seat = desk(tmp_path / "b", "base", typical())
    marks = Marks(together, [FactsRight()], [seat], level=0.95)
    grouped = abstention.row(material(together, [seat]), marks, below=1.0)["arms"]["base"]
    assert grouped["risk"]["mean"] == alone["risk"]["mean"]
    assert grouped["risk"]["high"] - grouped["risk"]["low"] > alone["risk"]["high"] - alone["risk"]["low"]


def test_failures_are_neither_answers_nor_abstentions(tmp_path: Path) -> None:
    records = [failed(KNOWN[0]), *typical()[1:-1], failed(UNKNOWN[9])]
    found, whole = of(tmp_path / "a", records), of(tmp_path / "b", typical())
    assert found["answerable"]["failures"] == found["unanswerable"]["failures"] == 1
    assert found["answerable"]["right"] == 11
    assert found["risk"]["n"] == 17
    gone = of(tmp_path / "c", typical()[1:-1])
    assert found["risk"]["mean"] == gone["risk"]["mean"]
    assert found["risk"]["low"] < gone["risk"]["low"] < gone["risk"]["high"] < found["risk"]["high"]
    assert found["answered"]["high"] > whole["answered"]["high"] - 1 / 30
    assert "base: 2 failed; the intervals allow for that." in section({"arms": {"base": found}}).remarks


@pytest.mark.parametrize(
    ("question", "text", "mark", "kind"),
    [
        (example("a", facts=(("£1",),)), "£1", 1.0, "right"),
        (example("a", facts=(("£1",),)), "I don't know for sure, but £1", 1.0, "right"),
        (example("a", facts=(("£1",),)), "£2", 0.0, "wrong"),
        (example("a", facts=(("£1",),)), NOT_KNOWN, 0.0, "abstained"),
        (example("a", answerable=False), NOT_KNOWN, 1.0, "abstained"),
        (example("a", answerable=False, stale=("£1",)), "I don't know, it used to be £1", 0.0, "made_up"),
        (example("a", answerable=False), "£3", 0.0, "made_up"),
    ],
)
def test_what_an_answer_says_comes_before_its_abstaining(question: Example, text: str, mark: float, kind: str) -> None:
    result = Answer(text=text, abstained="I don't know" in text)
    assert kind_of(question, result, Score(values=(mark,)), below=1.0, higher=True) == kind


def test_what_is_not_marked_is_left_out_and_a_broken_mark_is_a_failure() -> None:
    broken = Failure(stage="score", error="Broken", message="It broke.")
    assert kind_of(KNOWN[0], Answer(text="x"), None, below=1.0, higher=True) is None
    assert kind_of(KNOWN[0], Answer(text="x"), broken, below=1.0, higher=True) == "failed"
    assert kind_of(KNOWN[0], broken, None, below=1.0, higher=True) == "failed"


def test_where_lower_is_better_a_low_mark_is_right() -> None:
    asked = KNOWN[0]
    assert kind_of(asked, Answer(text="x"), Score(values=(0.0,)), below=1.0, higher=False) == "right"
    assert kind_of(asked, Answer(text="x"), Score(values=(1.0,)), below=1.0, higher=False) == "wrong"


def test_a_graded_metric_goes_by_the_set_mark(tmp_path: Path) -> None:
    half = [answered(question, "The answer to") for question in KNOWN]
    assert of(tmp_path / "a", half, metric=TokenF1(), below=0.5)["answerable"]["right"] == 20
    assert of(tmp_path / "b", half, metric=TokenF1(), below=1.0)["answerable"]["wrong"] == 20


def sure(records: list[Record], values: list[float]) -> list[Record]:
    """The same answers with the model's own probabilities."""
    made = []
    for record, value in zip(records, values, strict=True):
        result = record.result
        assert isinstance(result, Answer)
        fields = {"abstained": result.abstained, "log_probability": value}
        made.append(Record(example=record.example, key=record.key, result=Answer(text=result.text, **fields)))
    return made


def test_an_arm_that_is_sure_of_what_is_right_has_the_best_area(tmp_path: Path) -> None:
    records = typical()
    good = {record.example for record in records[:12]}
    knows = sure(records, [-0.1 - (record.example not in good) for record in records])
    found = of(tmp_path / "a", knows)["orders"]["log_probability"]
    assert found["area"] == found["best"] < 7 / 19
    assert found["curve"][0] == [round(1 / 30, 4), 0.0]
    assert found["curve"][-1] == [round(19 / 30, 4), round(7 / 19, 4)]
    assert [risk for share, risk in found["curve"] if share <= 12 / 30] == [0.0] * 12
    deluded = sure(records, [-0.1 - (record.example in good) for record in records])
    turned = of(tmp_path / "b", deluded)["orders"]["log_probability"]
    assert turned["area"] > 7 / 19
    assert turned["curve"][0][1] == 1.0


def test_answers_without_probabilities_are_not_ordered_by_them(tmp_path: Path) -> None:
    none = of(tmp_path / "a", typical())["orders"]
    assert none == {"log_probability": {"not_applicable": "answers came without the model's probabilities"}}
    some = typical()
    some[:1] = sure(some[:1], [-0.1])
    told = of(tmp_path / "b", some)["orders"]["log_probability"]["not_applicable"]
    assert told == "18 of 19 answers came without the model's probabilities"


def test_arms_that_look_up_are_ordered_by_the_first_passages_score_too(tmp_path: Path) -> None:
    good = [right(q, hits=(hit("a.md", "x", 0.9), hit("b.md", "y", 0.1))) for q in KNOWN[:12]]
    bad = [answered(q, "£99", hits=(hit("a.md", "x", 0.2), hit("b.md", "y", 0.95))) for q in KNOWN[12:19]]
    nothing = [answered(KNOWN[19], "£99")]
    found = of(tmp_path / "a", [*good, *bad, *nothing], kind="rag")["orders"]["retrieval"]
    assert found["area"] < 8 / 20
    assert found["curve"][11][1] == 0.0
    # The one without any passage is the least sure.
    assert found["curve"][18][1] == pytest.approx(7 / 19, abs=1e-4)
    assert "retrieval" not in of(tmp_path / "b", [*good, *bad], kind="base")["orders"]


def test_of_several_seeds_the_first_is_looked_at(tmp_path: Path) -> None:
    first = desk(tmp_path, "tuned", typical(), kind="tuned", seed=0)
    second = desk(tmp_path, "tuned", [answered(question, "no") for question in ASKED], kind="tuned", seed=1)
    assert row(first, second)["arms"]["tuned"]["answerable"]["right"] == 12


def test_a_curve_stays_short_and_keeps_its_end(tmp_path: Path) -> None:
    many = [example(f"m{number}", facts=(("£1",),)) for number in range(200)]
    records = sure([answered(one, "£1" if place % 3 else "no") for place, one in enumerate(many)], list(range(200)))
    asked, seat = paper(many), desk(tmp_path, "base", records)
    marks = Marks(asked, [FactsRight()], [seat], level=0.95)
    found = abstention.row(material(asked, [seat]), marks, below=1.0)
    curve = found["arms"]["base"]["orders"]["log_probability"]["curve"]
    assert len(curve) == abstention.POINTS
    assert curve[-1] == [1.0, pytest.approx(67 / 200)]


def test_the_words_and_the_drawing_say_the_same(tmp_path: Path) -> None:
    records = typical()
    probe = row(desk(tmp_path, "base", sure(records, [-float(place) for place in range(30)])))
    found = section(probe)
    first, second = found.grids
    assert first.body == [["base", "12/20", "4/20", "4/20", "7/10", "3/10", *first.body[0][6:]]]
    assert all(len(line) == len(grid.head) for grid in found.grids for line in grid.body)
    assert second.body[0][:2] == ["base", "its own probabilities"]
    assert "base by its own probabilities: risk" in found.chart
    assert found.chart.count('<line class="range"') == 18


def test_an_arm_that_is_always_right_has_nothing_to_order(tmp_path: Path) -> None:
    records = [right(one, log_probability=-0.1) for one in KNOWN] + [silent(one) for one in UNKNOWN]
    found = section(row(desk(tmp_path, "base", records)))
    assert len(found.grids) == 1
    assert found.chart == ""


def test_an_arm_that_never_answers_has_no_risk(tmp_path: Path) -> None:
    found = of(tmp_path, [silent(one) for one in ASKED])
    assert (found["answered"]["mean"], found["risk"], found["orders"]) == (0.0, None, {})
    assert section({"arms": {"base": found}}).grids[0].body[0][-1] == "–"


def test_reports_of_older_versions_have_no_such_section() -> None:
    assert section(None) is None
