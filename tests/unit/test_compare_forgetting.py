"""The forgetting probe: who is asked what, once, kept by the model and not by the arm, and resumed."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import tiny_models
from openbook.compare.comparison import compare
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.compare.probes import forgetting
from openbook.compare.probes.forgetting import Probe, instructions, paragraphs, probe, question
from openbook.core import jsonl
from openbook.core.types import Failure
from openbook.generate.local import LocalGenerator
from openbook.generate.scripted import ScriptedGenerator
from openbook.project import Project
from small_project import MANY_SHOPS, SCRIPT, edit, lines, open_project
from watchers import Stages

ON = "forgetting = true\nforgetting_texts = 10\nforgetting_instructions = 12"


pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def opened(folder: Path, *, more: str = "", **options: Any) -> Project:
    open_project(folder, more=more, **options)
    return edit(folder, "forgetting = false", ON)


def of(project: Project) -> Probe:
    found = gather(project).forgetting
    assert found is not None
    return found


def good_replies(*, adapter: bool) -> list[dict[str, Any]]:
    """Rules that follow every shipped instruction, with or without an adapter."""
    return [
        {"when": f"^{re.escape(one.text)}$", "say": one.passes, "adapter": adapter or None} for one in instructions(0)
    ]


def row(project: Project) -> Any:
    return conclude(project, gather(project)).report["probes"]["forgetting"]


def test_only_tuned_arms_are_probed_and_a_second_call_asks_nothing(tmp_path: Path) -> None:
    project, heard = opened(tmp_path / "shops"), Stages()
    compare(project, watcher=heard)
    asked = [name for name in heard.names if name.startswith("forgetting")]
    assert asked == ["forgetting of the base of tuned", "forgetting of tuned", "forgetting of hybrid"]
    files = {path: path.read_bytes() for path in project.workspace.forgetting.glob("*/*")}
    again = Stages()
    compare(Project.open(project.root), watcher=again)
    assert again.names == []
    assert {path: path.read_bytes() for path in project.workspace.forgetting.glob("*/*")} == files


def test_left_out_it_asks_nothing_and_the_report_says_null(tmp_path: Path) -> None:
    project = open_project(tmp_path / "shops", more="[compare]\narms = ['base', 'tuned']")
    assert compare(project).forgetting is None
    assert not project.workspace.forgetting.exists()
    assert row(project) is None
    assert not [step for step in estimate(project).steps if "forgetting" in step.what]


def test_arms_that_train_nothing_have_nothing_to_forget(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="[compare]\narms = ['base', 'rag']")
    assert compare(project).forgetting is None


def test_two_arms_with_one_adapter_are_asked_once(tmp_path: Path) -> None:
    more = "[arms.twin]\nkind = 'tuned'\ngenerate = {max_tokens = 5}\n\n[compare]\narms = ['tuned', 'twin']"
    project, heard = opened(tmp_path / "shops", more=more), Stages()
    compare(project, watcher=heard)
    asked = [name for name in heard.names if name.startswith("forgetting")]
    assert asked == ["forgetting of the base of tuned", "forgetting of tuned"]
    arms = row(project)["arms"]
    assert arms["tuned"] == arms["twin"]


def test_a_scripted_model_has_no_loss_and_the_report_says_why(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="[compare]\narms = ['base', 'tuned']")
    compare(project)
    assert row(project)["arms"]["tuned"]["loss"] == {"not_applicable": "scripted does not say how likely a text is"}


def test_planted_forgetting_is_found_and_is_a_reason(tmp_path: Path) -> None:
    babble = {"when": "", "say": "la la la", "adapter": True}
    script = [*SCRIPT[:1], babble, *good_replies(adapter=False), *SCRIPT[1:]]
    more = "[compare]\narms = ['prompted', 'tuned', 'rag']"
    project = opened(tmp_path / "shops", shops=MANY_SHOPS, script=script, more=more)
    report = conclude(project, compare(project)).report
    found = report["probes"]["forgetting"]["arms"]["tuned"]["instructions"]
    assert (found["base"], found["verdict"]) == (1.0, "worse")
    assert found["high"] < 0
    assert len(found["lost"]) >= 10
    assert not found["gained"]
    (reason,) = [line for line in report["recommendation"]["reasons"] if line.startswith("forgetting:")]
    assert reason.startswith("forgetting: tuned forgets: it follows plain instructions less often (12 of 12 without")


def test_an_adapter_that_keeps_everything_is_no_reason(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", script=[*good_replies(adapter=False), *SCRIPT])
    report = conclude(project, compare(project)).report
    found = report["probes"]["forgetting"]["arms"]["tuned"]["instructions"]
    assert (found["base"], found["tuned"], found["difference"]) == (1.0, 1.0, 0.0)
    assert found["verdict"] != "worse"
    assert not [line for line in report["recommendation"]["reasons"] if "forgets" in line]


def test_replies_on_disk_are_kept_when_more_is_asked(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="[compare]\narms = ['tuned']")
    compare(project)
    kept = {path: path.read_bytes() for path in project.workspace.forgetting.glob("*/records.jsonl")}
    more = edit(project.root, "forgetting_instructions = 12", "forgetting_instructions = 20")
    compare(more)
    assert all(path.read_bytes().startswith(text) for path, text in kept.items())
    assert {len(one.log.records) for one in of(more).subjects} == {20}


def test_a_reply_that_failed_is_counted_and_asked_again_on_request(tmp_path: Path) -> None:
    first = instructions(12)[0]
    broken = {"when": re.escape(first.text), "fail": "deterministic"}
    more = "[compare]\narms = ['tuned']"
    project = opened(tmp_path / "shops", script=[broken, *good_replies(adapter=False), *SCRIPT], more=more)
    compare(project)
    assert row(project)["arms"]["tuned"]["instructions"]["failures"] == 1
    heard = Stages()
    compare(project, watcher=heard)
    assert not heard.names
    compare(project, watcher=heard, retry_failures=True)
    assert "forgetting of tuned" in heard.names


def test_before_anything_was_asked_there_is_no_row(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops", more="[compare]\narms = ['tuned']")
    project.tune("tuned")
    assert of(project).patients
    assert row(project) is None


def test_the_plan_says_what_it_costs_and_what_is_done(tmp_path: Path) -> None:
    project = opened(tmp_path / "shops")
    what = "forgetting: 10 paragraphs, 12 instructions, 3 models"
    assert {step.what: step.done for step in estimate(project).steps}[what] is False
    compare(project)
    assert {step.what: step.done for step in estimate(Project.open(project.root)).steps}[what] is True
    longer = edit(project.root, "forgetting_instructions = 12", "forgetting_instructions = 0")
    step = next(step for step in estimate(longer).steps if step.what.startswith("forgetting"))
    assert (step.what, step.done) == ("forgetting: 10 paragraphs, 60 instructions, 3 models", False)


def test_a_real_model_is_planned_longer_than_a_script(tmp_path: Path) -> None:
    def seconds(folder: str, **options: Any) -> float:
        steps = estimate(opened(tmp_path / folder, **options)).steps
        return next(step.seconds for step in steps if step.what.startswith("forgetting"))

    assert seconds("script") < 1 < seconds("model", model="hf:/nowhere") < 180


class Reading(ScriptedGenerator):
    """A script that also says how likely texts are: the longer, the likelier."""

    no_loss = ""

    def __init__(self, folder: Path, name: str, *, failing: Sequence[str] = (), transient: bool = False) -> None:
        lines(folder / f"{name}.jsonl", [{"default": name}])
        super().__init__(folder / f"{name}.jsonl")
        self.read: Counter[str] = Counter()
        self.failing, self.transient = set(failing), transient

    def loss(self, texts: Sequence[str]) -> list[float | Failure]:
        self.read.update(texts)
        broken = Failure(stage="loss", error="Broken", message="It broke.", transient=self.transient)
        return [broken if text in self.failing else 100 / len(text) for text in texts]


def put(folder: Path, generator: Reading) -> tuple[Probe, forgetting.Subject]:
    one = forgetting.subject("tuned", generator, folder / "models")
    return Probe(paragraphs=paragraphs(20), instructions=instructions(2), patients=()), one


def test_every_loss_is_measured_once_and_kept(tmp_path: Path) -> None:
    generator = Reading(tmp_path, "a")
    asked, one = put(tmp_path, generator)
    assert forgetting.is_missing(one, asked)
    forgetting.measure(one, asked)
    forgetting.measure(one, asked)
    assert set(generator.read.values()) == {1}
    assert len(one.losses()) == 20
    assert not forgetting.is_missing(one, asked)


def test_interrupted_it_goes_on_with_what_was_not_read(tmp_path: Path) -> None:
    generator = Reading(tmp_path, "a")
    asked, one = put(tmp_path, generator)
    cancel = Event()
    forgetting.measure(one, asked, cancel=cancel, progress=lambda *_: cancel.set())
    assert len(one.losses()) == forgetting.TOGETHER
    assert not one.log.records
    assert forgetting.is_missing(one, asked)
    forgetting.measure(one, asked)
    assert set(generator.read.values()) == {1}
    rows = list(jsonl.read(forgetting.losses_path(one.log.folder)))
    assert len(rows) == len({row["key"] for row in rows}) == 20


@pytest.mark.parametrize("transient", [False, True])
def test_a_loss_that_failed_is_tried_again_as_it_deserves(tmp_path: Path, transient: bool) -> None:
    bad = next(iter(paragraphs(20).values()))
    generator = Reading(tmp_path, "a", failing=[bad], transient=transient)
    asked, one = put(tmp_path, generator)
    forgetting.measure(one, asked)
    assert forgetting.is_missing(one, asked) is transient
    assert list(one.losses().values()).count(None) == (0 if transient else 1)
    generator.failing = set()
    forgetting.measure(one, asked, retry_failures=not transient)
    assert not forgetting.is_missing(one, asked, retry_failures=True)
    assert None not in one.losses().values()


def test_instructions_are_asked_bare(tmp_path: Path) -> None:
    asked, one = put(tmp_path, Reading(tmp_path, "a"))
    forgetting.measure(one, asked)
    for instruction in asked.instructions:
        (message,) = one.log.records[question(instruction).key].messages
        assert (message.role, message.content) == ("user", instruction.text)


def test_a_tiny_model_is_tuned_and_probed_and_the_figures_are_its_own(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra 'local' is not installed")
    model = f"hf:{tiny_models.llama(tmp_path / 'llama')}"
    more = "[generate]\nmax_tokens = 4\n\n[compare]\narms = ['base', 'tuned']\nquestions = 4"
    project = opened(tmp_path / "shops", model=model, more=more)
    project = edit(project.root, 'trainer = "memorise"', "rate = 0.01\nrows = 8")
    material = compare(project)
    found = row(project)["arms"]["tuned"]
    assert found["loss"]["n"] == 10
    assert found["loss"]["base"] != found["loss"]["tuned"]
    assert found["loss"]["difference"] == pytest.approx(found["loss"]["tuned"] - found["loss"]["base"], abs=2e-6)
    assert found["loss"]["low"] < found["loss"]["difference"] < found["loss"]["high"]
    assert found["instructions"]["verdict"] == "floor"
    base, tuned = (seat.arm.generator for seat in material.seats)
    assert isinstance(base, LocalGenerator)
    assert isinstance(tuned, LocalGenerator)
    texts = list(paragraphs(10).values())
    assert found["loss"]["base"] == pytest.approx(sum(base.loss(texts)) / 10, abs=1e-4)  # type: ignore[arg-type]
    assert found["loss"]["tuned"] == pytest.approx(sum(tuned.loss(texts)) / 10, abs=1e-4)  # type: ignore[arg-type]
    assert probe(project, material.seats) is not None
