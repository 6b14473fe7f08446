"""Nearest few-shots: most like the question, from training rows, and never a row that gives its answer away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from openbook.arms import ShotsByQuestion
from openbook.compare.comparison import compare
from openbook.core.types import Example, Failure
from openbook.ingest.near import NEAR, trigrams
from openbook.nearest import Likeness, by_meaning, by_words, nearest_shots
from openbook.prompt import Shot
from openbook.retrieve.hashing import HashingEmbedder
from small_project import edit, example, open_project

ROWS = [
    example("dogs", "May dogs come into the shop?", fact="dogs", documents=("animals.md",)),
    example("cats", "May cats come into the shop?", fact="cats", documents=("pets.md",)),
    example("fees", "What does joining cost a year?", fact="fee", documents=("fees.md",)),
    example("hours", "When do you open on Mondays?", fact="hours", documents=("hours.md",)),
    example("moon", "What is the moon made of?", answerable=False, references=("I don't know.",)),
]
GROUPS = {row.id: row.id for row in ROWS}


def shots(count: int = 2, *, rows: Sequence[Example] = ROWS, **changes: Any) -> ShotsByQuestion:
    options = {"measure": by_words, "measured_by": "words"}
    return nearest_shots(rows, GROUPS, count=count, **{**options, **changes})


def chosen(made: ShotsByQuestion, asked: Example) -> list[str]:
    (found,) = made.choose([asked])
    assert not isinstance(found, Failure)
    assert all(isinstance(shot, Shot) for shot in found)
    return [shot.input for shot in found]


@pytest.mark.parametrize("measure", [by_words, by_meaning(HashingEmbedder())], ids=["words", "embedder"])
def test_the_most_like_a_question_stand_nearest_to_it(measure: Any) -> None:
    found = chosen(shots(measure=measure), example("q", "May I bring cats or dogs into the shop, and cats on leads?"))
    assert set(found) == {ROWS[0].input, ROWS[1].input}
    assert found[-1] == ROWS[1].input


@pytest.mark.parametrize(
    "asked",
    [
        example("dogs", "May dogs come into the shop?"),
        example("q", "Are dogs allowed in the shop?", fact="dogs"),
        example("q", "Are dogs allowed in the shop?", documents=("animals.md", "more.md")),
        example("q", "Are dogs allowed in the shop?", group="dogs"),
        example("q", "may dogs come into the SHOP"),
    ],
    ids=["itself", "same fact", "shared document", "same group", "same words"],
)
def test_a_row_on_the_question_s_own_subject_is_never_shown(asked: Example) -> None:
    assert ROWS[0].input not in chosen(shots(4), asked)
    assert ROWS[0].input in chosen(shots(4), example("q", "Are dogs allowed in the shop?"))


def test_from_three_on_the_first_one_abstains() -> None:
    found = chosen(shots(3), example("q", "May cats and dogs come in?"))
    assert len(found) == 3
    assert found[0] == ROWS[4].input
    assert ROWS[4].input not in chosen(shots(2), example("q", "What is the moon, may it come in?"))


def test_a_question_that_cannot_be_measured_is_a_failure_in_its_place() -> None:
    def measure(_: Sequence[str]) -> Likeness:
        broken = Failure(stage="embed", error="Broken", message="It broke.")
        return lambda questions: [broken if text == "bad" else [1.0] * len(ROWS) for text in questions]

    first, second = shots(measure=measure).choose([example("a", "bad"), example("b", "good")])
    assert isinstance(first, Failure)
    assert len(second) == 2


def test_no_rows_and_no_questions_give_no_shots() -> None:
    assert list(shots(rows=[]).choose([example("q")])) == [()]
    assert list(shots().choose([])) == []


def test_the_order_of_the_rows_does_not_matter_and_their_content_does() -> None:
    asked = example("q", "May cats and dogs come in?")
    assert chosen(shots(rows=ROWS[::-1]), asked) == chosen(shots(), asked)
    assert shots(rows=ROWS[::-1]).settings == shots().settings
    changed = [example("dogs", "May dogs come into the shop?", references=("Never.",)), *ROWS[1:]]
    for other in (shots(rows=changed), shots(3), shots(measured_by="minilm")):
        assert other.settings != shots().settings


@pytest.mark.usefixtures("no_waiting_for_the_disk")
@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_no_prompt_of_a_comparison_holds_a_row_on_its_own_subject(tmp_path: Path, mode: str) -> None:
    more = f'[compare]\narms = ["prompted", "rag"]\n\n[retrieve]\nmode = "{mode}"\n'
    project = open_project(tmp_path / "shops", more=more)
    fixed = project.arm("prompted").fingerprint
    project = edit(project.root, "[prompt]", '[prompt]\nshots_by = "nearest"')
    assert project.arm("prompted").fingerprint != fixed
    material = compare(project)
    rows = {row.input: row for row in project.exam.division.train}
    shown = set()
    for seat in material.seats:
        for question in material.paper.questions:
            *before, _ = seat.log.records[question.key].messages[1:]
            inputs = [m.content.removeprefix("Question: ") for m in before if m.role == "user"]
            assert len(inputs) == 2
            for row in (rows[text] for text in inputs):
                assert not {*row.documents} & {*question.documents}
                assert row.fact != question.fact
                one, other = trigrams(row.input), trigrams(question.input)
                assert len(one & other) / len(one | other) <= NEAR
            shown.add(tuple(inputs))
    assert len(shown) > 1
