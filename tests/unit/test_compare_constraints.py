"""Constraints in whole comparisons: each of them bars the arm that breaks it, and the report says what giving it up would do."""

import socket
from pathlib import Path
from typing import Any

import pytest

import small_project
from openbook.compare.comparison import compare
from openbook.compare.outcome import conclude
from openbook.compare.verdict.constraints import checks
from openbook.config import Constraints, Model
from openbook.core.errors import ConfigError
from openbook.project import Project
from openbook.retrieve import EMBEDDERS
from openbook.retrieve.hashing import HashingEmbedder
from small_project import MANY_SHOPS, open_project

ROW = {"seconds": {}, "usd": {"per_1000": None}}


def concluded(project: Project) -> dict[str, Any]:
    return dict(conclude(project, compare(project)).report)


def constrained(folder: Path, constraint: str, *, more: str = "", **options: Any) -> dict[str, Any]:
    settings = f'{more}\n[compare]\narms = ["base", "rag"]\n[constraints]\n{constraint}\n'
    return concluded(open_project(folder, shops=MANY_SHOPS, more=settings, **options))


def met(report: dict[str, Any]) -> dict[str, bool | None]:
    return {row["arm"]: row["met"] for row in report["constraints"]}


def test_freshness_bars_the_arm_that_goes_stale(tmp_path: Path) -> None:
    script = [{"when": "Passages:", "say": "{passage} [{label}]"}, {"default": "Let me think about that."}]
    report = constrained(tmp_path, "fresh = 0.9", updates=True, script=script)
    assert met(report) == {"base": False, "rag": True}
    assert report["recommendation"]["arm"] == "rag"
    assert "Not eligible: base (0.00 of the changed facts right, below 0.9)" in report["recommendation"]["verdict"]
    # Without it rag is the choice all the same.
    assert not [line for line in report["recommendation"]["flips_if"] if line.startswith("without")]


def test_latency_bars_the_slow_arm_and_the_report_says_that_it_would_win_without(tmp_path: Path) -> None:
    script = [{"when": "Passages:", "say": "{passage} [{label}]", "seconds": 0.2}, {"default": "Let me think."}]
    report = constrained(tmp_path, "seconds_p95 = 0.15", script=script)
    assert met(report) == {"base": True, "rag": False}
    assert report["recommendation"]["arm"] == "base"
    (flip,) = [line for line in report["recommendation"]["flips_if"] if line.startswith("without")]
    assert flip.startswith("without the constraint seconds_p95: rag would be the choice (0.2")
    assert report["recommendation"]["flip_cells"][report["recommendation"]["flips_if"].index(flip)] == ["rag.facts.all"]


def test_cost_bars_the_dear_arm_and_needs_prices(tmp_path: Path) -> None:
    prices = '[cost.prices]\n"scripted:script.jsonl" = [100.0, 100.0]\n'
    report = constrained(tmp_path, "usd_per_1000 = 2.0", more=prices)
    assert met(report) == {"base": True, "rag": False}
    assert any(
        line.startswith("without the constraint usd_per_1000: rag") for line in report["recommendation"]["flips_if"]
    )


def test_no_arm_left_says_which_constraint_to_give_up(tmp_path: Path) -> None:
    report = constrained(tmp_path, "seconds_p95 = 1e-9")
    assert report["recommendation"]["verdict"].startswith("No arm meets the constraints.")
    (flip,) = report["recommendation"]["flips_if"]
    assert flip.startswith("without the constraint seconds_p95: rag would be the choice")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"something was sent: {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


ELSEWHERE = """
[compare]
arms = ["base", "rag", "big"]
[arms.big]
kind = "rag"
model = {name = "openai:big", base_url = "https://models.example.com/v1"}
[constraints]
private = true
"""


@pytest.mark.usefixtures("no_network")
def test_private_asks_no_arm_that_would_send_text_elsewhere(tmp_path: Path) -> None:
    report = concluded(open_project(tmp_path, more=ELSEWHERE))
    said = "[constraints] private: its questions would leave this machine for models.example.com"
    assert report["arms"]["big"] == {"kind": "rag", "not_applicable": said}
    assert met(report) == {"base": True, "rag": True}


class Sending(HashingEmbedder):
    sends_to = "vectors.example.com"


class Silent(HashingEmbedder):
    """One that does not say where it sends texts."""


@pytest.mark.parametrize(("embedder", "taking_part"), [(Sending, ["base"]), (Silent, ["base", "rag"])])
def test_private_asks_no_arm_whose_embedder_sends_text_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: type[HashingEmbedder], taking_part: list[str]
) -> None:
    monkeypatch.setattr(EMBEDDERS, "_table", {**EMBEDDERS._table, "theirs": f"{__name__}:{embedder.__name__}"})
    monkeypatch.setattr("openbook.retrieve.tokens.token_counter", lambda name: lambda text: len(text.split()))
    small_project.write(tmp_path, more='[compare]\narms = ["base", "rag"]\n[constraints]\nprivate = true')
    report = concluded(small_project.edit(tmp_path, 'name = "hashing"', 'name = "theirs"'))
    assert [name for name, arm in report["arms"].items() if "scores" in arm] == taking_part
    if taking_part == ["base"]:
        assert report["arms"]["rag"]["not_applicable"].endswith("its embedder would send texts to vectors.example.com")
    else:
        assert met(report) == {"base": True, "rag": None}


def test_private_refuses_a_judge_elsewhere_before_anything_is_done(tmp_path: Path) -> None:
    judge = '[judge]\nmodel = "openai:big"\ncriteria = "c"\n[constraints]\nprivate = true\n'
    with pytest.raises(ConfigError, match=r"private: the judge openai:big would be shown .* at api\.openai\.com"):
        compare(open_project(tmp_path, more=judge))
    assert not (tmp_path / ".openbook" / "runs").exists()


@pytest.mark.parametrize(
    ("model", "accelerators", "met"),
    [
        (Model(), {"cpu"}, True),
        (Model(), {"cpu", "cuda"}, None),
        (Model(), set(), None),
        (Model(name="hf:some/model", device="cuda"), {"cuda"}, False),
        (Model(name="openai:gpt"), {"cpu"}, True),
        (Model(name="openai:mine", base_url="http://127.0.0.1:8000/v1"), {"cpu"}, None),
        (Model(name="quote"), {"cpu"}, True),
        (Model(name="command:./bot"), {"cpu"}, None),
    ],
)
def test_no_gpu_is_about_what_an_arm_was_seen_to_answer_on(
    model: Model, accelerators: set[str], met: bool | None
) -> None:
    (found,) = checks(Constraints(no_gpu=True), "rag", ROW, fresh=None, model=model, accelerators=accelerators)
    assert found.met is met


def test_no_gpu_bars_nothing_that_answered_here_without_one(tmp_path: Path) -> None:
    report = constrained(tmp_path, "no_gpu = true")
    assert met(report) == {"base": True, "rag": True}
    assert report["recommendation"]["arm"] == "rag"
