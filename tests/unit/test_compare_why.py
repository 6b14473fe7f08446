"""Why an answer was wrong: one class each, the first that holds, from records and documents alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openbook.compare.causes.causes import NAMES, fix
from openbook.compare.causes.why import cause, says_it, why_wrong
from openbook.compare.comparison import compare
from openbook.compare.marking.marks import Marks
from openbook.compare.marking.metrics import metrics_for
from openbook.compare.material import Material
from openbook.core.types import Answer, Failure
from openbook.project import Project
from small_project import MANY_SHOPS, SCRIPT, edit, example, lines, open_project, questions

ASKED = example("days", facts=(("27 days",),), stale=("30 days",), documents=("a.md",))
NOWHERE = example("none", answerable=False, stale=("30 days",))
BROKEN = Failure(stage="generate", error="Broken", message="It broke.")


def placed(result: Answer | Failure | str, asked: Any = ASKED, **given: Any) -> str:
    options: dict[str, Any] = {"looks_up": True, "place": "wording", "seen": False, **given}
    return cause(asked, Answer(text=result) if isinstance(result, str) else result, **options)


def abstaining(text: str = "I don't know.") -> Answer:
    return Answer(text=text, abstained=True)


@pytest.mark.parametrize(
    ("result", "asked", "given", "expected"),
    [
        (BROKEN, ASKED, {}, "failed"),
        (Answer(text="It is", finish="length"), ASKED, {}, "cut"),
        ("Wrong", ASKED, {"doubtful": True}, "doubtful_reference"),
        ("30 days", ASKED, {}, "stale"),
        ("2 days", NOWHERE, {}, "answered_unanswerable"),
        ("27 business days", ASKED, {}, "wrong_form"),
        ("2 days", ASKED, {"place": "nowhere"}, "not_in_documents"),
        ("2 days", ASKED, {}, "not_retrieved"),
        (abstaining(), ASKED, {"seen": True}, "wrongly_abstained"),
        ("2 days", ASKED, {"seen": True}, "unused"),
        ("2 days", ASKED, {"looks_up": False}, "not_known"),
        ("2 days", ASKED, {"looks_up": False, "knowing": False}, "unplaced"),
        ("2 days", ASKED, {"place": "unknown"}, "unplaced"),
    ],
)
def test_each_class_has_its_case(result: Any, asked: Any, given: dict[str, Any], expected: str) -> None:
    assert placed(result, asked, **given) == expected


def test_the_classes_stand_in_the_order_in_which_they_are_tried() -> None:
    """Whatever makes an answer fall into a class, what comes before it comes first."""
    assert placed(BROKEN, doubtful=True) == "failed"
    assert placed(Answer(text="30 days", finish="length"), doubtful=True) == "cut"
    assert placed("30 days", doubtful=True) == "doubtful_reference"
    assert placed("30 days, sorry", NOWHERE) == "stale"
    assert placed("27 business days", place="nowhere") == "wrong_form"
    assert placed("27 business days", looks_up=False) == "wrong_form"


def test_abstaining_without_the_answer_before_it_is_a_miss_of_the_search() -> None:
    assert placed(abstaining()) == "not_retrieved"
    assert placed(abstaining(), place="nowhere") == "not_in_documents"


def test_who_cannot_look_up_abstains_wrongly_wherever_the_answer_stands() -> None:
    assert placed(abstaining(), looks_up=False) == "wrongly_abstained"


def test_an_outdated_fact_counts_as_given_however_it_is_hedged() -> None:
    assert placed(abstaining("I don't know, it used to be 30 days.")) == "stale"


def test_an_abstention_in_other_words_is_the_right_thing_in_the_wrong_form() -> None:
    assert placed(abstaining("No idea."), example("none", answerable=False)) == "wrong_form"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("27 full working days", True),
        ("day 27", True),
        ("27", False),
        ("2 days", False),
        ("27 of us came. Two days", False),
    ],
)
def test_the_right_fact_in_another_form_has_all_its_words_near_each_other(text: str, says: bool) -> None:
    assert says_it(ASKED, text) is says


def test_without_facts_the_reference_is_the_fact() -> None:
    label = example("card", references=("card arrival",))
    assert says_it(label, "The label is: card_arrival.")
    assert not says_it(label, "card delivery")


def test_every_class_says_what_to_try_to_every_kind_of_arm() -> None:
    for name in NAMES:
        assert all(fix(name, kind=kind) for kind in ("base", "prompted", "rag", "tuned", "hybrid", "external"))
    assert fix("unused", kind="rag") != fix("unused", kind="hybrid")
    assert fix("stale", kind="rag") != fix("stale", kind="base")


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        more = "[compare]\narms = ['base', 'rag']"
        yield open_project(tmp_path_factory.mktemp("why") / "shops", shops=MANY_SHOPS, more=more)


def counts(project: Project, material: Material | None = None) -> dict[str, dict[str, int]]:
    material = material or compare(project)
    metrics = metrics_for(project.config, project.exam.examples, root=project.root)
    why = why_wrong(project, material, Marks(material.paper, metrics, material.seats, level=0.95))
    return {arm: {name: count for name, count in why.counts(arm).items() if count} for arm in why.answers}


def test_an_arm_that_quotes_its_first_passage_misses_or_misreads(shops: Project) -> None:
    found = counts(shops)
    assert set(found["rag"]) <= {"not_retrieved", "unused"}
    assert found["base"] == {"not_known": len(compare(shops).paper.questions)}


def test_what_no_document_holds_is_not_in_the_documents(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['rag']")
    for page in (project.root / "pages").glob("*.md"):
        page.write_text(page.read_text(encoding="utf-8").replace("£", "a fair price, not £ "), encoding="utf-8")
    rows = [row for n, name in enumerate(["anvil", "drill", "easel"]) for row in questions(name, n)]
    lines(project.root / "examples.jsonl", [{**row, "facts": [["£999"]]} for row in rows])
    found = counts(Project.open(project.root))
    assert set(found["rag"]) == {"not_in_documents"}


def test_two_labels_for_one_question_make_its_reference_doubtful(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base']")
    rows = [row for n, name in enumerate(["anvil", "drill", "easel", "file"]) for row in questions(name, n)]
    twice = [{**row, "id": f"{row['id']}-again", "facts": [["£1"]], "reference": "It is £1."} for row in rows]
    lines(project.root / "examples.jsonl", [*rows, *twice])
    assert set(counts(Project.open(project.root))["base"]) == {"doubtful_reference"}


def test_a_graded_mark_is_wrong_below_the_declared_one(tmp_path: Path) -> None:
    script = [{"default": "It is a thing"}]
    more = "[compare]\narms = ['base']\nmetric = 'f1'"
    project = open_project(tmp_path / "shops", script=script, more=more)
    strict, lax = (edit(project.root, *change) for change in (("'f1'", "'f1'\nwrong_below = 0.9"), ("0.9", "0.1")))
    material = compare(strict)
    assert sum(counts(strict, material)["base"].values()) == len(material.paper.questions)
    assert sum(counts(lax, material)["base"].values()) == 0


@pytest.mark.parametrize(("metric", "below"), [("f1", 0.5), ("rouge_l", 0.25), ("exact_match", 1.0)])
def test_what_counts_as_wrong_fits_the_metric(tmp_path: Path, metric: str, below: float) -> None:
    project = open_project(tmp_path / "shops", more=f"[compare]\narms = ['base']\nmetric = '{metric}'")
    material = compare(project)
    metrics = metrics_for(project.config, project.exam.examples, root=project.root)
    assert why_wrong(project, material, Marks(material.paper, metrics, material.seats, level=0.95)).below == below


def test_nobody_is_told_to_look_up_what_stands_in_the_question(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", script=[{"default": "?"}], more="[compare]\narms = ['base']")
    bare = [{**row, "facts": [], "documents": []} for n, name in enumerate(MANY_SHOPS) for row in questions(name, n)]
    lines(project.root / "examples.jsonl", bare)
    assert set(counts(Project.open(project.root))["base"]) == {"not_known"}
    summaries = edit(project.root, "[project]", "[project]\ntask = 'summarise'")
    assert set(counts(summaries)["base"]) == {"unplaced"}
    assert "Read the worst answers" in fix("unplaced", kind="tuned")
    assert "label" not in fix("unplaced", kind="base")
    assert "`documents`" in fix("unplaced", kind="hybrid")


def test_answers_of_all_training_seeds_are_counted_and_the_first_one_s_are_shown(tmp_path: Path) -> None:
    more = "[compare]\narms = ['tuned']\nseeds = [0, 1]"
    project = open_project(tmp_path / "shops", script=[{"default": "?"}, *SCRIPT], more=more)
    material = compare(project)
    metrics = metrics_for(project.config, project.exam.examples, root=project.root)
    why = why_wrong(project, material, Marks(material.paper, metrics, material.seats, level=0.95))
    assert why.answers == {"tuned": 2 * len(material.paper.questions)}
    assert len(why.classes) == sum(case.first for case in why.cases) < len(why.cases)
