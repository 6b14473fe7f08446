"""The whole loop through the command line, with the fakes that ship."""

import json
import time
from pathlib import Path

import pytest
from project_files import start

from openbook.cli.main import run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return start(tmp_path / "shop")


def test_the_whole_loop_ends_with_a_report_in_under_20_seconds(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()

    assert run(["compare", "-C", str(shop), "--json"]) == 0

    result = json.loads(capsys.readouterr().out)
    assert list(result["arms"]) == ["base", "prompted", "rag", "tuned", "hybrid"]
    assert all(arm["asked"] == 30 and arm["failures"]["count"] == 0 for arm in result["arms"].values())
    assert (
        result["arms"]["rag"]["scores"]["facts"]["all"]["mean"]
        > result["arms"]["base"]["scores"]["facts"]["all"]["mean"]
    )
    assert result["recommendation"]["verdict"]
    assert Path(result["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert time.monotonic() - began < 20


def test_a_second_call_asks_nothing_and_gives_the_same_report(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "-C", str(shop), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    records = {path: path.read_bytes() for path in shop.glob(".openbook/runs/*/records.jsonl")}

    assert run(["compare", "-C", str(shop), "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == first
    assert {path: path.read_bytes() for path in shop.glob(".openbook/runs/*/records.jsonl")} == records


def test_only_the_arms_that_look_things_up_tell_the_new_facts_after_an_update(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "-C", str(shop), "--json"]) == 0

    arms = json.loads(capsys.readouterr().out)["probes"]["freshness"]["arms"]
    assert arms["rag"]["after"]["fresh"]["count"] > arms["rag"]["before"]["fresh"]["count"]
    assert arms["tuned"]["after"] == arms["tuned"]["before"]
    assert arms["base"]["after"] == arms["base"]["before"]


def test_ingest_gives_a_script_the_same_keys_whether_or_not_there_was_work(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["ingest", "-C", str(shop), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert run(["ingest", "-C", str(shop), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert set(again) == set(first)
    assert (again["added"], again["unchanged"], again["chunks"]) == (0, first["added"], first["chunks"])


@pytest.mark.parametrize("verb", ["ask", "search"])
def test_an_empty_question_is_a_wrong_call(shop: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    capsys.readouterr()
    assert run([verb, "-C", str(shop), " "]) == 2
    assert "is empty. Write the question in quotes." in capsys.readouterr().err


def test_an_edited_page_is_answered_from_at_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", "-C", str(shop)]) == 0
    page = shop / "documents" / "joining.md"
    page.write_text(page.read_text(encoding="utf-8").replace("£34", "£41"), encoding="utf-8")
    assert run(["ask", "-C", str(shop), "What does a year of membership cost?"]) == 2
    assert "openbook ingest" in capsys.readouterr().err

    assert run(["ingest", "-C", str(shop)]) == 0
    capsys.readouterr()
    assert run(["ask", "-C", str(shop), "--json", "What does a year of membership cost?"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert "£41" in " ".join(passage["text"] for passage in answer["passages"])


def test_the_report_names_the_settings_that_make_it_again(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "small.toml").write_text('extends = "openbook.toml"\n[compare]\narms = ["base", "rag"]\n', encoding="utf-8")

    assert run(["compare", "-C", str(shop), "--config", "small.toml", "--json"]) == 0
    capsys.readouterr()
    assert run(["report", "-C", str(shop), "--config", "small.toml", "--markdown"]) == 0

    assert "`openbook compare -C shop --config small.toml`" in capsys.readouterr().out
