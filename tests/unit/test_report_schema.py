"""The published schema of `openbook compare --json` describes a real report, key by key."""

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from openbook.cli.main import run

SETTINGS = """
[project]
name = "small"
[documents]
sources = ["documents/*.md"]
updates = ["v2/*.md"]
[examples]
source = "examples.jsonl"
updates = "updates.jsonl"
[embedder]
name = "hashing"
[store]
name = "memory"
[model]
name = "{model}"
[prompt]
abstain = "That is not in our pages"
[tune]
trainer = "memorise"
[probes]
robustness = true
robustness_questions = 3
reading = true
reading_questions = 3
[compare]
arms = {arms}
[cost.prices]
"scripted:script.jsonl" = [0.5, 1.5]
[[compare.kpis]]
name = "style"
pattern = '.+ \\[[a-z-]+\\] Mend well!'
"""


def compared(folder: Path, capsys: pytest.CaptureFixture[str], *, model: str, arms: list[str]) -> dict[str, Any]:
    """The object that `openbook compare --json` prints for the starter project."""
    assert run(["init", str(folder)]) == 0
    script = '{"when": "(?i)fee|cost", "fail": "deterministic"}\n{"when": "Passages:", "say": "{passage} [{label}]"}\n'
    (folder / "script.jsonl").write_text(script, encoding="utf-8")
    (folder / "openbook.toml").write_text(SETTINGS.format(model=model, arms=json.dumps(arms)), encoding="utf-8")
    capsys.readouterr()
    assert run(["compare", "-C", str(folder), "--json"]) in (0, 1)
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def kept(folder: Path) -> dict[str, Any]:
    """The same report as it lies on disk, with every answer."""
    (file,) = (folder / ".openbook/reports").glob("*/report.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    return found


def closed(schema: Any) -> Any:
    """The schema with every described object closed: a key that it does not describe fails."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        found.setdefault("additionalProperties", False)
    return found


def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator.check_schema(closed(schema))


def test_a_report_of_arms_without_training_fulfils_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    report = compared(tmp_path / "p", capsys, model="scripted:script.jsonl", arms=["base", "prompted", "rag"])
    jsonschema.validate(report, closed(schema))
    assert report["pairs"]
    assert report["probes"]["freshness"]
    assert report["arms"]["rag"]["failures"]["count"]
    jsonschema.validate(kept(tmp_path / "p"), closed(schema))


def test_a_report_of_all_five_arms_fulfils_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    pytest.importorskip("openbook.tune.memorise")
    arms = ["base", "prompted", "rag", "tuned", "hybrid"]
    report = compared(tmp_path / "p", capsys, model="scripted:script.jsonl", arms=arms)
    jsonschema.validate(report, closed(schema))
    assert report["arms"]["hybrid"]["adapter"]
    assert report["probes"]["gap"]["tuned"]["train"]
    assert report["probes"]["forgetting"]["arms"]["tuned"]["instructions"]["n"] == 12
    assert set(report["probes"]["robustness"]["arms"]) == {"rag", "hybrid"}
    assert len(report["probes"]["robustness"]["arms"]["rag"]) == 5
    assert set(report["probes"]["reading"]["arms"]) == {"tuned", "hybrid"}
    assert report["probes"]["domain"]["arms"]["tuned"]["gain"]["against"] == "prompted"
    assert report["probes"]["abstention"]["arms"]["rag"]["unanswerable"]["n"]
    assert "area" in report["probes"]["abstention"]["arms"]["rag"]["orders"]["retrieval"]


def test_arms_that_are_not_applicable_and_the_answers_on_disk_fulfil_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    report = compared(tmp_path / "p", capsys, model="quote", arms=["base", "rag", "tuned"])
    jsonschema.validate(report, closed(schema))
    assert "not_applicable" in report["arms"]["tuned"]
    assert kept(tmp_path / "p")["answers"]
    jsonschema.validate(kept(tmp_path / "p"), closed(schema))


def test_the_schema_refuses_a_report_with_something_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    report = compared(tmp_path / "p", capsys, model="quote", arms=["rag"])
    for broken in broken_copies(report):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def broken_copies(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("schema", "arms", "recommendation", "machine"):
        yield {name: value for name, value in report.items() if name != key}
    wrong = copy.deepcopy(report)
    wrong["arms"]["rag"]["scores"]["facts"]["all"]["mean"] = "NaN"
    yield wrong
    wrong = copy.deepcopy(report)
    wrong["recommendation"]["arm"] = 3
    yield wrong
