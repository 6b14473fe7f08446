"""LoRA and full tuning side by side: which arms are, what the report tells of them, and that both really train."""

import json
import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tiny_models
from openbook import models
from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.pages import tunings_words
from openbook.compare.verdict.methods import OWN, differ_in_method
from openbook.config import Tune
from openbook.core.errors import OpenbookError
from openbook.project import Project
from small_project import MANY_SHOPS, open_project

MORE = "{}\n[compare]\narms = ['prompted', 'tuned', 'whole']\n{}\n[arms.whole]\nkind = 'tuned'\ntune.method = 'full'\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def opened(folder: Path, *, more: str = "", compare: str = "", **options: Any) -> Project:
    return open_project(folder, more=MORE.format(more, compare), **options)


def real(folder: Path, model: str, *, tune: str) -> Project:
    """A comparison of both methods with a real model, at its smallest."""
    more = "domain_texts = 4\nforgetting_texts = 8\nforgetting_instructions = 1\n[generate]\nmax_tokens = 4\n"
    project = opened(folder, model=model, more=more, compare="questions = 4")
    file = project.root / "openbook.toml"
    text = file.read_text(encoding="utf-8").replace('trainer = "memorise"', tune)
    file.write_text(text.replace("forgetting = false", "forgetting = true"), encoding="utf-8")
    return Project.open(project.root)


def test_arms_that_differ_only_in_their_method_are_alike(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops")
    plain, whole = project.plan("tuned"), project.plan("whole")
    assert differ_in_method(plain, whole)
    assert not differ_in_method(plain, plain)
    faster = replace(whole, tune=whole.tune.model_copy(update={"rate": 1e-4, "rank": 4}))
    assert differ_in_method(plain, faster), "each method wants a rate of its own, and one of them has no rank"
    longer = replace(whole, tune=whole.tune.model_copy(update={"epochs": 9.0}))
    assert not differ_in_method(plain, longer)
    assert not differ_in_method(project.plan("hybrid"), whole)
    assert not differ_in_method(
        plain, replace(whole, prompt=whole.prompt.model_copy(update={"instructions": "Other."}))
    )
    assert set(Tune.model_fields) >= set(OWN)


def test_they_stand_side_by_side_with_the_costlier_method_first(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS)
    outcome = conclude(project, compare(project))
    (row,) = outcome.report["probes"]["tuning_methods"]
    assert list(row["arms"]) == ["whole", "tuned"]
    (pair,) = [
        p
        for p in outcome.report["pairs"]
        if {p["a"], p["b"]} == {"whole", "tuned"} and p["stratum"] == "all" and p["metric"] == outcome.report["metric"]
    ]
    assert (row["difference"]["a"], row["difference"]["b"]) == ("whole", "tuned")
    assert row["difference"]["n"] == pair["n"]
    assert row["difference"]["difference"] == pair["difference"] == 0, "the fake learns the same by either method"
    weight = row["arms"]["whole"]
    assert (weight["method"], weight["trainable"], weight["peak_bytes"]) == ("full", None, None)
    assert weight["stored_bytes"] > 0
    assert weight["forgetting"] is None
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    assert "## LoRA against full tuning" in (outcome.folder / "report.md").read_text("utf-8")
    assert '<section id="tuning-methods">' in (outcome.folder / "report.html").read_text("utf-8")


def test_left_out_or_without_two_such_arms_there_is_no_row(tmp_path: Path) -> None:
    project = opened(tmp_path / "a" / "shops", more="tuning_methods = false")
    compare(project)
    assert conclude(project, gather(project)).report["probes"]["tuning_methods"] is None
    alone = open_project(tmp_path / "b" / "shops", more="[compare]\narms = ['tuned', 'hybrid']\n")
    assert conclude(alone, compare(alone)).report["probes"]["tuning_methods"] is None


def test_sizes_are_told_as_a_person_reads_them() -> None:
    arm = {"method": "full", "seconds": 61.0, "trainable": 134515008, "forgetting": None}
    report = {
        "probes": {
            "tuning_methods": [
                {
                    "difference": None,
                    "arms": {
                        "whole": {**arm, "stored_bytes": 538_060_000, "peak_bytes": 3_200_000_000},
                        "tuned": {**arm, "method": "lora", "stored_bytes": 19_500_000, "peak_bytes": None},
                    },
                }
            ]
        }
    }
    section = tunings_words.section(report)
    assert section is not None
    (table,) = section.grids
    assert table.body[0] == ["whole", "all weights", "61.0", "538 MB", "134\u202f515\u202f008", "3.2 GB", "–"]
    assert table.body[1][3:6] == ["20 MB", "134\u202f515\u202f008", "–"]


def both(report: Any) -> tuple[Any, Any]:
    (row,) = report["probes"]["tuning_methods"]
    return row["arms"]["whole"], row["arms"]["tuned"]


def test_a_tiny_model_is_tuned_by_both_methods_and_they_are_weighed(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    folder = tiny_models.llama(tmp_path / "llama")
    project = real(tmp_path / "shops", f"hf:{folder}", tune="rate = 0.01\nrows = 8\nrank = 2")
    outcome = conclude(project, compare(project))
    whole, tuned = both(outcome.report)
    base = models.locate(f"hf:{folder}")
    assert whole["trainable"] == base.parameters
    assert 0 < tuned["trainable"] < whole["trainable"]
    assert whole["stored_bytes"] > tuned["stored_bytes"] > 0
    assert all(arm["seconds"] >= 0 for arm in (whole, tuned))
    assert all(arm["peak_bytes"] is None or arm["peak_bytes"] > 1_000_000 for arm in (whole, tuned))
    assert all(arm["forgetting"]["low"] <= arm["forgetting"]["difference"] for arm in (whole, tuned))
    assert whole["forgetting"] != tuned["forgetting"]
    assert outcome.report["arms"]["whole"]["adapter"]["steps"] == outcome.report["arms"]["tuned"]["adapter"]["steps"]
    assert models.weights_hash(folder) == base.weights, "the base was not written"


@pytest.mark.model
@pytest.mark.skipif("OPENBOOK_LARGE_TESTS" not in os.environ, reason="takes 7 GB: set OPENBOOK_LARGE_TESTS=1")
def test_smollm2_is_tuned_by_both_methods_and_the_report_has_them(tmp_path: Path) -> None:
    try:
        base = models.locate("smollm2")
    except OpenbookError as error:
        pytest.skip(str(error))
    project = real(tmp_path / "shops", "smollm2", tune="rows = 8\nbatch = 4")
    outcome = conclude(project, compare(project))
    whole, tuned = both(outcome.report)
    print(json.dumps([whole, tuned], indent=1), (outcome.folder / "report.md").read_text("utf-8"))
    assert whole["trainable"] == base.parameters > 50 * 1e6
    assert tuned["trainable"] < whole["trainable"] / 10
    assert whole["stored_bytes"] > 4 * base.parameters
    assert outcome.report["arms"]["whole"]["failures"]["count"] == 0
    (sentence,) = outcome.report["methods"]
    assert sentence.startswith("lora (tuned) against full (whole): training took ")
