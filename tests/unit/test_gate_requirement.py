"""Requirements: what can be written, what cannot, and what is refused before anything runs."""

from pathlib import Path

import pytest

from openbook.compare.gates.measures import Measure, checked, measure
from openbook.compare.gates.requirement import Requirement, parse
from openbook.core.errors import UsageError
from openbook.project import Project
from small_project import open_project


@pytest.mark.parametrize(
    ("text", "left", "sign", "right", "number"),
    [
        ("hybrid.facts >= rag.facts - 0.05", ("hybrid", "facts"), ">=", ("rag", "facts"), -0.05),
        ("  hybrid.facts>=rag.facts  -0.05 ", ("hybrid", "facts"), ">=", ("rag", "facts"), -0.05),
        ("rag.seconds.p95 <= 2", ("rag", "seconds", "p95"), "<=", None, 2.0),
        ("rag.facts.new > -.5e-1", ("rag", "facts", "new"), ">", None, -0.05),
        ("tuned+rag.facts < rag-oracle.facts + 1", ("tuned+rag", "facts"), "<", ("rag-oracle", "facts"), 1.0),
        ('rag."one price" >= 7b."one price"', ("rag", "one price"), ">=", ("7b", "one price"), 0.0),
        (r'"a.b \" >= \\".f1 >= 1', ('a.b " >= \\', "f1"), ">=", None, 1.0),
        ("recommendation.arm == rag", ("recommendation", "arm"), "==", ("rag",), 0.0),
    ],
)
def test_a_requirement_is_read(
    text: str, left: tuple[str, ...], sign: str, right: tuple[str, ...] | None, number: float
) -> None:
    assert parse(text) == Requirement(left=left, sign=sign, right=right, number=number)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["", "rag.facts", "rag.facts = 1", "rag.facts => 1", "rag..facts >= 1", "rag.facts >= 1 + 1", "a.b >= c.d *2"],
)
def test_what_is_no_requirement_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read.*hybrid.facts >= rag.facts - 0.05"):
        parse(text)


def test_a_number_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(UsageError, match="too large"):
        parse("rag.facts >= 1e999")


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (("rag", "facts"), Measure(kind="score", name="facts")),
        (("rag", "facts", "new"), Measure(kind="score", name="facts", stratum="new")),
        (("rag", "seconds", "first_token"), Measure(kind="seconds", name="first_token")),
        (("rag", "usd", "training"), Measure(kind="usd", name="training")),
        (("rag", "failures"), Measure(kind="failures")),
        (("rag", "fresh"), Measure(kind="fresh")),
    ],
)
def test_a_term_speaks_of_a_measure(term: tuple[str, ...], found: Measure) -> None:
    assert measure(term, ["facts"]) == found


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(tmp_path_factory.mktemp("check") / "shops")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rga.facts >= 1", "no arm named 'rga'. Did you mean 'rag'?"),
        ("rag.fact >= 1", "no metric or measure named 'fact'. Did you mean 'facts'?"),
        ("rag.facts >= base.facts-0.05", "Put spaces around + and - before a number"),
        ("rag.facts.old >= 1", "no stratum named 'old'. Known: all, new, seen"),
        ("rag.facts.new.more >= 1", "nothing below rag.facts.new"),
        ("rag.failures.p50 <= 1", "nothing below rag.failures"),
        ("rag.seconds.p59 <= 2", "no part of seconds named 'p59'. Did you mean 'p95'?"),
        ("rag.seconds <= 2", "write rag.seconds.p50"),
        ("rag >= 1", "an arm without a measure. Write for example rag.facts"),
        ("rag.facts >= base.f1", "different things"),
        ("rag.facts.new >= base.facts", "different things"),
        ("rag.facts >= rag.facts - 0.1", "the same figure"),
        ("rag.fresh >= 0.5", "no changed facts are asked"),
        ("rag.facts == 1", "recommendation.arm == ARM"),
        ("recommendation.arm >= rag", "recommendation.arm == ARM"),
        ("recommendation.arm == rga", "Did you mean 'rag'?"),
    ],
)
def test_a_requirement_on_what_is_not_there_is_refused(shops: Project, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked(shops, [text])
    assert sentence in str(refused.value)
    assert "The requirement '" in str(refused.value)


def test_an_arm_that_the_model_cannot_have_and_an_untimed_one_are_refused(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", model="quote")
    with pytest.raises(UsageError, match="'tuned' is not applicable: quote cannot be tuned here"):
        checked(project, ["tuned.facts >= 0.5"])
    file = project.root / "openbook.toml"
    file.write_text(file.read_text().replace("latency = 1", "latency = 0"))
    with pytest.raises(UsageError, match=r"no answer is timed"):
        checked(Project.open(project.root), ["rag.seconds.p50 <= 1"])


def test_a_requirement_counts_once_however_it_is_spelled(shops: Project) -> None:
    assert len(checked(shops, ["rag.facts>=0.50", "rag.facts >= 0.5"])) == 1
    assert checked(shops, []) == []
