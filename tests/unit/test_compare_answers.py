"""Asking: only what is missing, each record on disk at once, failures asked again as they deserve."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from openbook.arms import Abstention, Arm, Sampling
from openbook.compare.answers import HOPELESS, ask, missing
from openbook.compare.runlog import RunLog
from openbook.core.errors import EndpointError
from openbook.core.types import Answer, Example, Failure, Record
from openbook.generate.scripted import ScriptedGenerator
from openbook.prompt import Template
from small_project import answered, example, lines


def arm(folder: Path, *rules: dict[str, Any]) -> Arm:
    folder.mkdir(exist_ok=True)
    lines(folder / "script.jsonl", [*rules, {"default": "Fine."}])
    return Arm(
        name="base",
        kind="base",
        generator=ScriptedGenerator(folder / "script.jsonl"),
        template=Template(),
        retrieval=None,
        sampling=Sampling(),
        abstention=Abstention(sentence="I don't know."),
    )


def asked(count: int) -> list[Example]:
    return [example(f"e{number}", f"Question number {number:02}?") for number in range(count)]


def failed(which: Example, *, transient: bool) -> Record:
    failure = Failure(stage="generate", error="E", message="m", transient=transient)
    return Record(example=which.id, key=which.key, result=failure)


def texts(log: RunLog) -> dict[str, str]:
    return {
        record.example: record.result.text if isinstance(record.result, Answer) else record.result.message
        for record in log.records.values()
    }


def test_what_is_answered_is_not_asked_again() -> None:
    one, two = asked(2)
    assert missing({one.key: answered(one, "Fine.")}, [one, two]) == [two]


def test_a_failure_that_may_pass_is_asked_again_and_another_one_is_not() -> None:
    one, two = asked(2)
    records = {one.key: failed(one, transient=True), two.key: failed(two, transient=False)}
    assert missing(records, [one, two]) == [one]
    assert missing(records, [one, two], retry_failures=True) == [one, two]


def test_a_reworded_question_is_asked_again() -> None:
    (one,) = asked(1)
    assert missing({one.key: answered(one, "Fine.")}, [example(one.id, "In other words?")])


def test_every_record_is_on_disk_before_the_next_question(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run")
    seen = []

    def heard(_: Arm, which: Example, record: Record) -> None:
        assert RunLog(tmp_path / "run").records[which.key].result.text == record.result.text == "Fine."
        seen.append(which.id)

    assert ask(arm(tmp_path), asked(3), log, on_record=heard) == 3
    assert seen == ["e0", "e1", "e2"]
    assert ask(arm(tmp_path), asked(4), log, on_record=heard) == 1


def test_a_deterministic_failure_stands_until_a_retry_is_asked_for(tmp_path: Path) -> None:
    broken = {"when": "number 01", "fail": "deterministic", "times": 1, "say": "Fine."}
    base = arm(tmp_path, broken)
    log = RunLog(tmp_path / "run")
    ask(base, asked(3), log)
    assert "fails on purpose" in texts(log)["e1"]
    assert ask(base, asked(3), log) == 0
    assert ask(base, asked(3), log, retry_failures=True) == 1
    assert texts(log) == {"e0": "Fine.", "e1": "Fine.", "e2": "Fine."}


def test_a_passing_failure_is_asked_again_at_the_next_call(tmp_path: Path) -> None:
    base = arm(tmp_path, {"when": "number 01", "fail": "transient", "times": 1, "say": "Fine."})
    log = RunLog(tmp_path / "run")
    ask(base, asked(3), log)
    assert "fails on purpose" in texts(log)["e1"]
    assert ask(base, asked(3), RunLog(tmp_path / "run")) == 1
    assert texts(RunLog(tmp_path / "run"))["e1"] == "Fine."


def test_an_endpoint_that_is_down_stops_the_run_early_and_nothing_is_lost(tmp_path: Path) -> None:
    down = arm(tmp_path, {"when": "number (0[3-9]|1)", "fail": "transient"})
    log = RunLog(tmp_path / "run")
    with pytest.raises(EndpointError, match=r"5 questions in a row .* run the same command again"):
        ask(down, asked(20), log)
    records = RunLog(tmp_path / "run").records
    assert len(records) == 3 + HOPELESS
    assert len(missing(records, asked(20))) == 17


def test_an_endpoint_that_falters_is_borne_with(tmp_path: Path) -> None:
    faltering = arm(tmp_path, {"when": "number .[1234678]", "fail": "transient"})
    log = RunLog(tmp_path / "run")
    assert ask(faltering, asked(20), log) == 20
    assert len(missing(log.records, asked(20))) == 14


def test_deterministic_failures_stop_nothing(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run")
    assert ask(arm(tmp_path, {"when": "number", "fail": "deterministic"}), asked(12), log) == 12
    assert len(log.records) == 12


def test_what_is_cancelled_is_not_recorded(tmp_path: Path) -> None:
    cancel = Event()
    log = RunLog(tmp_path / "run")
    base = arm(tmp_path)
    ask(base, asked(3), log, cancel=cancel, on_record=lambda *_: cancel.set())
    assert set(texts(log)) == {"e0"}
    assert len(missing(log.records, asked(3))) == 2
