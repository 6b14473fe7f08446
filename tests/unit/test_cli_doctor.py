"""`openbook doctor`: each line ok, warn or bad, and whatever is not ok says what to do."""

import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from openbook.cli import doctor, main

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: what torch says about the machine is remembered there."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def quiet_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBOOK_HOME", str(home))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    main.run(["init", str(tmp_path / "shop")])
    return tmp_path / "shop"


def checks(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, str]]:
    capsys.readouterr()
    main.run(["doctor", "--json", *arguments])
    return {check["what"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_a_sound_project_has_nothing_bad(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "-C", str(shop)]) == 0
    found = checks(capsys, "-C", str(shop))
    assert found["documents"]["state"] == found["examples"]["state"] == "ok"
    assert "12 documents" in found["documents"]["says"]
    assert "63 examples" in found["examples"]["says"]


def test_whatever_is_not_well_says_what_to_do(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for check in checks(capsys, "-C", str(shop)).values():
        advice = check["todo"] or check["says"]
        assert check["state"] == "ok" or "openbook models get" in advice or "adapter" in advice, check


def test_the_dtype_comes_with_its_reason(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says = checks(capsys)["device"]["says"]
    assert says.startswith(("cpu, ", "cuda, ", "mps, "))
    assert "bfloat16" in says or "half precision" in says


@pytest.mark.parametrize(
    ("break_it", "what", "says"),
    [
        (lambda shop: (shop / "openbook.toml").write_text("[documents]\nsorces = []\n"), "settings", "sources"),
        (lambda shop: shutil.rmtree(shop / "documents"), "documents", "matches nothing"),
        (lambda shop: (shop / "examples.jsonl").write_text('{"input": "x"}\n'), "examples", "examples.jsonl:1:"),
    ],
)
def test_a_broken_project_is_bad_with_the_reason(
    shop: Path, capsys: pytest.CaptureFixture[str], break_it: object, what: str, says: str
) -> None:
    break_it(shop)  # type: ignore[operator]
    assert main.run(["doctor", "-C", str(shop)]) == 1
    found = checks(capsys, "-C", str(shop))
    assert found[what]["state"] == "bad"
    assert says in found[what]["says"]


def test_few_examples_are_a_warning(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (shop / "examples.jsonl").read_text().splitlines(keepends=True)
    (shop / "examples.jsonl").write_text("".join(lines[:30]))
    assert checks(capsys, "-C", str(shop))["examples"]["state"] == "warn"


def test_an_endpoint_without_its_key_is_a_warning(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    text = (shop / "openbook.toml").read_text().replace('"smollm2-reader"', '"openai:big"\napi_key_env = "SOME_KEY"')
    (shop / "openbook.toml").write_text(text)
    assert checks(capsys, "-C", str(shop))["model"]["todo"].startswith("Set SOME_KEY")
    monkeypatch.setenv("SOME_KEY", "secret-value")
    found = checks(capsys, "-C", str(shop))["model"]
    assert found["state"] == "ok"
    assert "secret-value" not in json.dumps(found)


def test_a_missing_package_is_bad_and_names_the_pip_line() -> None:
    check = doctor.packages_check("local", ("no_such_package_here", "json"))
    assert check.state == "bad"
    assert check.todo == "pip install 'openbook[local]'"


def test_a_full_disk_is_a_warning(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1))
    assert checks(capsys)["models' disk"]["state"] == "warn"


def test_outside_a_project_the_machine_is_checked_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "openbook init DIR" in checks(capsys)["project"]["says"]
