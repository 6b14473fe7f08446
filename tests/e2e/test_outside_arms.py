"""A whole comparison with everything that can stand beside the five arms: controls and systems from outside."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from openbook.cli.main import run
from openbook.project import Project
from small_project import MANY_SHOPS, lines, questions, write

BOT = """\
import json, pathlib, re, sys

PAGES = {page.stem: page.read_text() for page in (pathlib.Path(__file__).parent / "pages").glob("*.md")}


def answer(question):
    named = [name for name in PAGES if name in question]
    if not named:
        return "I don't know."
    text = re.sub(r"#.*", "", PAGES[named[0]]).strip()
    passages = [{"document": f"{named[0]}.md", "text": text}]
    usage = {"input_tokens": 10, "output_tokens": 5}
    return {"text": f"{text} [{named[0]}]", "passages": passages, "usage": usage}


if __name__ == "__main__":
    for line in sys.stdin:
        row = json.loads(line)
        print(json.dumps({"id": row["id"], **answer(row["input"])}), flush=True)
"""

ARMS = f"""
[compare]
arms = ["rag", "tuned", "tuned+rag", "rag-oracle", "bot", "function", "tape"]

[arms.bot.model]
name = "command:{sys.executable} bot.py"

[arms.function.model]
name = "call:bot.py:answer"

[arms.tape.model]
name = "recorded:answers.jsonl"

[cost.prices]
"call:bot.py:answer" = [1.0, 2.0]
"recorded:answers.jsonl" = [1.0, 2.0]
"""


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    project = write(tmp_path / "shops", shops=MANY_SHOPS, updates=True, more=ARMS)
    (project / "bot.py").write_text(BOT)
    rows = [row for number, name in enumerate(MANY_SHOPS) for row in questions(name, number)]
    told = [{"id": row["id"], "text": row["reference"], "seconds": 0.5} for row in rows]
    lines(project / "answers.jsonl", told)
    return project


def compared(project: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    code = run(["compare", "-C", str(project), "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    return json.loads(said.out)


def mean(report: Any, arm: str) -> float:
    return float(report["arms"][arm]["scores"]["facts"]["all"]["mean"])


def test_controls_and_outside_systems_stand_in_one_report(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = compared(shops, capsys)
    arms = report["arms"]
    assert [arm["kind"] for arm in arms.values()] == [
        "rag", "tuned", "tuned+rag", "rag-oracle", "external", "external", "external",
    ]  # fmt: skip
    assert {arm["failures"]["count"] for arm in arms.values()} == {0}
    assert [mean(report, name) for name in ("bot", "function", "tape")] == [1, 1, 1]
    assert mean(report, "rag-oracle") >= mean(report, "rag")

    # The control answers with the tuned arm's own adapter, over the rag arm's index.
    assert arms["tuned+rag"]["adapter"] == arms["tuned"]["adapter"]
    assert len(list((shops / ".openbook" / "adapters").iterdir())) == 1
    assert arms["tuned+rag"]["settings"]["generator"] == arms["tuned"]["settings"]["generator"]
    assert arms["tuned+rag"]["settings"]["retrieval"] == arms["rag"]["settings"]["retrieval"]
    assert arms["tuned+rag"]["settings"]["shots"] == []

    # Controls explain and are never picked: they are no part of the family that the best is picked from.
    assert report["recommendation"]["arm"] not in ("tuned+rag", "rag-oracle")
    tested = [{pair["a"], pair["b"]} for pair in report["pairs"] if not pair["exploratory"]]
    assert not [pair for pair in tested if pair & {"tuned+rag", "rag-oracle"}]
    aside = [pair for pair in report["pairs"] if {pair["a"], pair["b"]} == {"rag", "rag-oracle"}]
    assert {(pair["metric"], pair["stratum"]) for pair in aside} >= {("facts", "all")}

    # What changes the documents cannot be done to a system from outside.
    probed = report["probes"]["freshness"]["arms"]
    assert list(probed) == ["rag", "tuned", "tuned+rag", "rag-oracle"]
    assert probed["tuned+rag"]["after"] != probed["tuned+rag"]["before"]
    assert probed["rag-oracle"]["after"]["fresh"]["count"] > probed["rag-oracle"]["before"]["fresh"]["count"]

    # A tape tells its own seconds. Without prices, or without tokens to price, nobody knows what a system costs.
    assert arms["tape"]["seconds"]["p50"] == 0.5
    assert arms["bot"]["seconds"]["n"] == 1
    assert [arms[name]["usd"]["per_1000"] for name in ("bot", "function", "tape")] == [None, 0.02, None]


def test_a_second_call_with_such_arms_asks_nothing(
    shops: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compared(shops, capsys)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was asked")

    for name in ("command.CommandGenerator", "call.CallGenerator", "recorded.RecordedGenerator"):
        monkeypatch.setattr(f"openbook.generate.{name}.stream", refuse)
    monkeypatch.setattr("openbook.tune.memorise.MemoriseTrainer.train", refuse)
    assert compared(shops, capsys) == first


def test_the_page_links_names_with_a_plus_to_their_own_cells(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = compared(shops, capsys)
    page = Path(report["report"]).read_text(encoding="utf-8")
    assert "has learnt it, and looks it up (control)" in page
    assert ">tuned+rag</" in page
    assert not [part for part in page.split('id="')[1:] if "+" in part.split('"')[0]]


def test_an_outside_system_s_passages_are_shown_and_cited(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "-C", str(shops), "--arm", "bot", "--json", "When does the anvil shop open?"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [passage["document"] for passage in answer["passages"]] == ["anvil.md"]
    assert [citation["label"] for citation in answer["citations"]] == ["anvil"]


def test_perfect_retrieval_cannot_be_asked_a_question_without_a_label(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "-C", str(shops)]) == 0
    assert run(["ask", "-C", str(shops), "--arm", "rag-oracle", "When does the anvil shop open?"]) == 2
    assert "by an example's label" in capsys.readouterr().err


def test_a_system_that_is_not_there_is_told_before_anything_is_trained(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shops / "answers.jsonl").unlink()
    assert run(["compare", "-C", str(shops)]) == 2
    assert "There are no recorded answers at" in capsys.readouterr().err
    assert not (shops / ".openbook" / "adapters").exists()


def test_the_control_alone_trains_the_adapter_that_the_tuned_arm_then_finds(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "-C", str(shops)]) == 0
    assert run(["tune", "-C", str(shops), "tuned+rag"]) == 0
    project = Project.open(shops)
    assert project.study("tuned+rag").content == ""
    assert project.adapter("tuned") == project.adapter("tuned+rag") is not None
    assert project.study("hybrid").fingerprint != project.study("tuned+rag").fingerprint


def test_a_dry_run_counts_a_shared_adapter_once(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "-C", str(shops), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "tune tuned:" in said
    assert "tune tuned+rag" not in said


def test_a_command_that_crashes_stops_the_run_with_its_last_words_and_goes_on_once_mended(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    works = (shops / "bot.py").read_text()
    (shops / "bot.py").write_text(works.replace("import json", "import jsom as json", 1))
    config = shops / "openbook.toml"
    config.write_text(config.read_text().replace('"bot", "function", "tape"]', '"bot"]'))
    assert run(["compare", "-C", str(shops)]) == 1
    said = capsys.readouterr().err
    assert "5 questions in a row got no answer from command:" in said
    assert "ended with exit code 1" in said
    assert "No module named 'jsom'" in said
    (shops / "bot.py").write_text(works)
    assert compared(shops, capsys)["arms"]["bot"]["failures"]["count"] == 0


def test_an_example_without_a_recorded_answer_counts_as_a_failure(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = shops / "answers.jsonl"
    tape.write_text("".join(tape.read_text().splitlines(keepends=True)[::2]))
    assert run(["compare", "-C", str(shops), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["arms"]["tape"]["failures"]["count"] > 0
    assert "too many failed answers in tape" in report["recommendation"]["verdict"]
