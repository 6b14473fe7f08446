"""What the probe's figures allow to be said: forgets, keeps, floor, undecided; paired, with its margins, as one family."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbook.compare.pages import forgetting_words
from openbook.compare.probes import forgotten
from openbook.compare.probes.forgetting import (
    Patient,
    Probe,
    Subject,
    instructions,
    losses_path,
    paragraphs,
    question,
    subject,
)
from openbook.core import jsonl
from openbook.core.ids import digest
from openbook.generate.scripted import ScriptedGenerator
from small_project import answered, failed

TEXTS = paragraphs(40)
INSTRUCTIONS = instructions(30)


class Reading(ScriptedGenerator):
    no_loss = ""

    def loss(self, texts: Any) -> Any:
        raise AssertionError("nothing is measured here")


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def model(folder: Path, name: str, losses: Any, followed: int, *, failures: int = 0) -> Subject:
    """A model that has been measured: its losses, and how many instructions it followed, the first ones."""
    one = subject(name, Reading({"": name}), folder)
    rows = [{"key": digest(text), "loss": float(loss)} for text, loss in zip(TEXTS.values(), losses, strict=False)]
    jsonl.append(losses_path(one.log.folder), rows)
    for place, instruction in enumerate(INSTRUCTIONS):
        asked = question(instruction)
        text = instruction.passes if place < followed else instruction.fails
        broken = place >= len(INSTRUCTIONS) - failures
        one.log.append([failed(asked) if broken else answered(asked, text)])
    return one


def row(folder: Path, rise: Any, *, base: int = 25, tuned: int = 25, failures: int = 0) -> Any:
    before = np.random.default_rng(0).normal(3.0, 0.4, len(TEXTS))
    patient = Patient(
        name="tuned",
        base=model(folder, "base", before, base),
        tuned=model(folder, "with", before + rise, tuned, failures=failures),
    )
    found = forgotten.row(Probe(paragraphs=TEXTS, instructions=INSTRUCTIONS, patients=[patient]), level=0.95)
    assert found is not None
    return found


def noise(mean: float, spread: float) -> Any:
    return np.random.default_rng(1).normal(mean, spread, len(TEXTS))


@pytest.mark.parametrize(
    ("rise", "verdict"),
    [
        (noise(0.3, 0.1), "worse"),
        (noise(0.0, 0.01), "equivalent"),
        (noise(0.005, 0.01), "equivalent"),
        (noise(-0.3, 0.1), "better"),
        (noise(0.0, 0.2), "undecided"),
    ],
)
def test_the_loss_is_judged_paired_against_its_margin(tmp_path: Path, rise: Any, verdict: str) -> None:
    found = row(tmp_path, rise)["arms"]["tuned"]["loss"]
    assert found["verdict"] == verdict
    assert found["difference"] == pytest.approx(float(rise.mean()), abs=1e-5)
    assert found["low"] < found["difference"] < found["high"]
    assert found["tuned"] - found["base"] == pytest.approx(found["difference"], abs=2e-6)


def test_texts_differ_far_more_than_the_rise_and_pairing_still_finds_it(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.06, 0.02))["arms"]["tuned"]["loss"]
    assert found["verdict"] == "worse"
    assert found["high"] - found["low"] < 0.03


def test_a_significant_rise_within_the_margin_does_not_count_as_forgetting(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.01, 0.004))["arms"]["tuned"]["loss"]
    assert found["p_adjusted"] < 0.05
    assert found["verdict"] == "equivalent"


def test_instructions_no_longer_followed_are_forgotten_and_named(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.0, 0.01), base=25, tuned=5)
    arm = found["arms"]["tuned"]["instructions"]
    assert (arm["verdict"], arm["n"], len(arm["lost"]), arm["gained"]) == ("worse", 30, 20, [])
    assert arm["difference"] == pytest.approx(-20 / 30, abs=1e-5)
    (reason,) = forgetting_words.reasons(found)
    assert reason.text == (
        "forgetting: tuned forgets: it follows plain instructions less often (25 of 30 without the adapter, 5 with it)."
    )


def test_a_base_that_follows_next_to_nothing_is_at_the_floor(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.0, 0.01), base=2, tuned=0)
    arm = found["arms"]["tuned"]["instructions"]
    assert arm["verdict"] == "floor"
    assert "difference" not in arm
    assert forgetting_words.remarks(found) == [
        "tuned, instructions: the base follows 7% of the instructions: it has next to none to forget."
    ]
    assert not forgetting_words.reasons(found)


def test_failures_are_bounded_and_can_hinder_a_verdict(tmp_path: Path) -> None:
    whole = row(tmp_path / "a", noise(0.0, 0.01), base=30, tuned=20)["arms"]["tuned"]["instructions"]
    broken = row(tmp_path / "b", noise(0.0, 0.01), base=30, tuned=20, failures=6)["arms"]["tuned"]["instructions"]
    assert (whole["failures"], broken["failures"]) == (0, 6)
    assert broken["n"] == 24
    assert (whole["verdict"], broken["verdict"]) == ("worse", "undecided")


def test_both_findings_make_one_sentence(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.3, 0.05), base=28, tuned=3)
    (reason,) = forgetting_words.reasons(found)
    assert reason.text.startswith("forgetting: tuned forgets: its loss on general text rises by +0.3")
    assert " and it follows plain instructions less often" in reason.text


def test_all_tests_of_the_probe_are_one_family(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.05, 0.15), base=25, tuned=20)["arms"]["tuned"]
    smaller, larger = sorted(found.values(), key=lambda figure: figure["p"])
    assert smaller["p_adjusted"] == pytest.approx(2 * smaller["p"], abs=2e-6)
    assert larger["p_adjusted"] == max(smaller["p_adjusted"], larger["p"])


def test_words_and_cells_fit_the_heads(tmp_path: Path) -> None:
    found = row(tmp_path, noise(0.3, 0.1), base=25, tuned=20)
    (cells,) = forgetting_words.cells(found)
    assert len(cells) == len(forgetting_words.HEADS)
    assert cells[0] == "tuned"
    assert cells[4] == "forgets"
    assert cells[5:7] == ["25/30", "20/30"]
    assert "40 paragraphs" in forgetting_words.lead(found)


def test_without_the_probe_there_is_nothing_to_say() -> None:
    assert forgotten.row(None, level=0.95) is None
    assert forgetting_words.reasons(None) == []


def test_the_same_records_give_the_same_row(tmp_path: Path) -> None:
    assert row(tmp_path / "a", noise(0.1, 0.1), tuned=20) == row(tmp_path / "b", noise(0.1, 0.1), tuned=20)
