"""The domain probe: which passages are drawn, who reads them, once; what the losses and the gains come to."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tiny_models
from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.pages import domain_words
from openbook.compare.planning.plan import estimate
from openbook.compare.probes import adapted, domain, forgetting
from openbook.compare.probes.domain import Domain
from openbook.compare.probes.forgetting import Patient, Probe, Subject
from openbook.core.types import Failure
from openbook.generate.scripted import ScriptedGenerator
from openbook.project import Project
from small_project import MANY_SHOPS, lines, open_project
from watchers import Stages

ARMS = "{}\n[compare]\narms = {}\n"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def opened(
    folder: Path, *, arms: str = "['prompted', 'rag', 'tuned', 'hybrid']", more: str = "", **options: Any
) -> Any:
    return open_project(folder, more=ARMS.format(more, arms), **options)


def found(project: Project) -> Any:
    return conclude(project, gather(project)).report["probes"]["domain"]


def test_passages_come_half_from_documents_that_training_examples_name(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", shops=MANY_SHOPS)
    project.knowledge.ingest()
    named = {name for one in project.exam.division.train for name in one.documents}
    others = {file.name for file in project.knowledge.files()} - named
    assert others
    rows = domain.drawn(project, 8)
    assert [row["document"] in named for row in rows] == [True] * 4 + [False] * 4
    assert len({row["document"] for row in rows}) == 8, "each document gives one before any gives two"
    many = domain.drawn(project, 500)
    assert len(many) == len({row["text"] for row in many})
    assert {row["document"] for row in many} == named | others
    assert sum(row["document"] in named for row in domain.drawn(project, 2 * len(others) + 10)) > len(others) + 2
    assert domain.drawn(project, 8) == rows


def test_a_script_reads_nothing_and_the_gains_are_told_all_the_same(tmp_path: Path) -> None:
    project, heard = opened(tmp_path / "shops", shops=MANY_SHOPS), Stages()
    outcome = conclude(project, compare(project, watcher=heard))
    assert not [name for name in heard.names if name.startswith("domain")]
    assert not project.workspace.domain.exists()
    assert not [step for step in estimate(project).steps if step.what.startswith("domain")]
    arm = outcome.report["probes"]["domain"]["arms"]["tuned"]
    assert arm["loss"] == {"not_applicable": "scripted does not say how likely a text is"}
    pair = {
        p["stratum"]: p
        for p in outcome.report["pairs"]
        if {p["a"], p["b"]} == {"tuned", "prompted"} and p["metric"] == outcome.report["metric"]
    }
    assert arm["gain"]["against"] == "prompted"
    for stratum in ("seen", "new"):
        turned = 1 if pair[stratum]["a"] == "tuned" else -1
        assert arm["gain"][stratum]["difference"] == pytest.approx(turned * pair[stratum]["difference"])
        assert arm["gain"][stratum]["low"] <= arm["gain"][stratum]["difference"] <= arm["gain"][stratum]["high"]
    assert outcome.report["probes"]["domain"]["arms"]["hybrid"]["gain"]["against"] == "rag"
    markdown = (outcome.folder / "report.md").read_text("utf-8")
    assert "## The domain's own text" in markdown
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)


def test_a_gain_on_seen_questions_alone_is_said() -> None:
    def side(low: float) -> dict[str, Any]:
        return {"difference": low + 0.2, "low": low, "high": low + 0.4, "n": 20, "groups": 10, "failures": 0}

    def remarks(seen: float, new: float) -> Any:
        gain = {"against": "prompted", "seen": side(seen), "new": side(new)}
        arm = {"loss": {"not_applicable": "no"}, "gain": gain}
        probe = {"passages": 0, "documents": 0, "margin": 0.02, "arms": {"tuned": arm}}
        scores = {"tuned": {"scores": {"facts": {}}}}
        section = domain_words.section({"metric": "facts", "arms": scores, "probes": {"domain": probe}})
        assert section is not None
        return section.remarks

    alone = "tuned: the gain is shown on seen questions alone; on new ones it is not."
    assert alone in remarks(0.1, -0.2)
    assert alone not in remarks(0.1, 0.05)
    assert alone not in remarks(-0.1, -0.2)


def test_left_out_there_is_no_row(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="domain = false")
    compare(project)
    assert found(project) is None


def test_arms_that_train_nothing_have_no_row(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", arms="['base', 'rag']")
    assert compare(project).domain is None


class Reading(ScriptedGenerator):
    """A script that also says how likely texts are."""

    no_loss = ""

    def __init__(self, folder: Path, name: str, losses: dict[str, float]) -> None:
        lines(folder / f"{name}.jsonl", [{"default": name}])
        super().__init__(folder / f"{name}.jsonl")
        self._losses = losses

    def loss(self, texts: Any) -> list[float | Failure]:
        broken = Failure(stage="loss", error="Broken", message="It broke.")
        return [self._losses.get(text, broken) for text in texts]


TEXTS = {f"p{number}": f"Passage {number} of the documents." for number in range(20)}
DOCUMENTS = {name: f"d{number}.md" for number, name in enumerate(TEXTS)}
NAMED = frozenset(f"d{number}.md" for number in range(10))


def probed(folder: Path, *, falls: float, others: float = 0.0, broken: int = 0) -> Domain:
    """A model whose loss falls by so much on the documents that its training names, and by `others` on the others."""
    before = {text: 3 + number / 100 for number, text in enumerate(TEXTS.values())}
    after = {
        text: before[text] - (falls if DOCUMENTS[name] in NAMED else others) + 0.001 * (place % 3)
        for place, (name, text) in enumerate(TEXTS.items())
        if place >= broken
    }
    subjects: list[Subject] = [
        forgetting.subject(name, Reading(folder, name, losses), folder / "models")
        for name, losses in (("base", before), ("tuned", after))
    ]
    reading = Probe(
        paragraphs=TEXTS,
        instructions=(),
        patients=[Patient(name="tuned", base=subjects[0], tuned=subjects[1])],
    )
    for subject in subjects:
        forgetting.measure(subject, reading, what="domain")
    return Domain(documents=DOCUMENTS, named={"tuned": NAMED}, reading=reading)


ARM = {"tuned": {"kind": "tuned", "model": "m"}}


def test_a_loss_that_falls_is_adaptation_and_told_by_named_and_others(tmp_path: Path) -> None:
    row = adapted.row(probed(tmp_path, falls=0.4), [], ARM, metric="facts", level=0.95)
    assert row is not None
    loss = row["arms"]["tuned"]["loss"]
    assert (row["passages"], row["documents"]) == (20, 20)
    assert loss["all"]["verdict"] == "better"
    assert loss["all"]["difference"] == pytest.approx(-0.2, abs=0.002)
    assert loss["all"]["difference"] == pytest.approx(loss["all"]["tuned"] - loss["all"]["base"], abs=2e-6)
    assert loss["named"]["difference"] == pytest.approx(-0.4, abs=0.002)
    assert loss["others"]["difference"] == pytest.approx(0.0, abs=0.002)
    assert loss["named"]["high"] < 0
    assert "verdict" not in loss["named"], "a part is told, not tested"
    assert row["arms"]["tuned"]["gain"] is None
    section = domain_words.section({"metric": "facts", "probes": {"domain": row}})
    assert section is not None
    assert "adapts" in section.grids[0].body[0]


@pytest.mark.parametrize(("falls", "verdict"), [(-0.3, "worse"), (0.0, "equivalent")])
def test_a_loss_that_rises_or_stays_is_told_as_such(tmp_path: Path, falls: float, verdict: str) -> None:
    row = adapted.row(probed(tmp_path, falls=falls, others=falls), [], ARM, metric="facts", level=0.95)
    assert row is not None
    assert row["arms"]["tuned"]["loss"]["all"]["verdict"] == verdict


def test_a_loss_that_failed_is_counted_and_widens_the_interval(tmp_path: Path) -> None:
    row = adapted.row(probed(tmp_path, falls=0.4, broken=1), [], ARM, metric="facts", level=0.95)
    assert row is not None
    loss = row["arms"]["tuned"]["loss"]["all"]
    assert (loss["n"], loss["failures"]) == (19, 1)
    assert loss["high"] > 0


def test_a_tiny_model_reads_its_documents_before_and_after_and_only_once(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    model = f"hf:{tiny_models.llama(tmp_path / 'llama')}"
    more = "domain_texts = 10\n\n[generate]\nmax_tokens = 4\n"
    project = opened(tmp_path / "shops", model=model, more=more, arms="['rag', 'tuned']\nquestions = 4")
    file = project.root / "openbook.toml"
    text = file.read_text(encoding="utf-8").replace('trainer = "memorise"', "rate = 0.01\nrows = 8")
    file.write_text(text, encoding="utf-8")
    project, heard = Project.open(project.root), Stages()
    (step,) = [step for step in estimate(project).steps if step.what.startswith("domain")]
    assert (step.what, step.done) == ("domain: 10 passages, 2 models", False)
    material = compare(project, watcher=heard)
    asked = [name for name in heard.names if name.startswith("domain")]
    assert asked == ["domain of the base of tuned", "domain of tuned"]
    loss = found(project)["arms"]["tuned"]["loss"]
    assert loss["all"]["n"] == 10
    assert loss["all"]["base"] != loss["all"]["tuned"]
    assert loss["named"]["n"] + loss["others"]["n"] == 10
    assert material.domain is not None
    texts = list(material.domain.reading.paragraphs.values())
    one = next(seat for seat in material.seats if seat.name == "tuned").arm.generator
    assert loss["all"]["tuned"] == pytest.approx(sum(one.loss(texts)) / 10, abs=1e-4)  # type: ignore[attr-defined]
    again = Stages()
    compare(Project.open(project.root), watcher=again)
    assert again.names == []
    (step,) = [step for step in estimate(Project.open(project.root)).steps if step.what.startswith("domain")]
    assert step.done
    # An adapter is trained anew, its base has read everything already.
    file.write_text(text.replace("rate = 0.01", "rate = 0.02"), encoding="utf-8")
    later = Stages()
    compare(Project.open(project.root), watcher=later)
    assert [name for name in later.names if name.startswith("domain")] == ["domain of tuned"]
