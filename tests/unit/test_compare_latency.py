"""The latency probe: one question at a time, arms by turns, once; a failure is no timing."""

from pathlib import Path
from typing import Any

import pytest

from openbook.arms import Arm
from openbook.compare.probes import latency
from openbook.compare.runlog import RunLog
from openbook.core.types import Example
from openbook.generate.scripted import ScriptedGenerator
from small_project import desk, example, lines

ASKED = [example(f"e{number}", f"Question number {number}?") for number in range(3)]


def arm(folder: Path, name: str, *rules: dict[str, Any]) -> tuple[Arm, Path]:
    lines(folder / f"{name}.jsonl", [*rules, {"default": "Fine, thanks."}])
    made = desk(folder, name, []).arm
    made.generator = ScriptedGenerator(folder / f"{name}.jsonl")
    return made, folder / name


def test_every_question_is_timed_once(tmp_path: Path) -> None:
    desks = [arm(tmp_path, "base"), arm(tmp_path, "rag")]
    assert latency.is_missing(desks[0][1], ASKED)
    latency.measure(desks, ASKED)
    for _, folder in desks:
        assert list(latency.timings(folder)) == [one.key for one in ASKED]
        assert not latency.is_missing(folder, ASKED)
    before = [latency.path(folder).read_bytes() for _, folder in desks]
    latency.measure(desks, ASKED)
    assert [latency.path(folder).read_bytes() for _, folder in desks] == before


def test_arms_take_turns_within_each_question_after_a_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    stream = Arm.stream

    def listen(self: Arm, examples: list[Example], cancel: Any = None) -> Any:
        order.append(f"{self.name} {examples[0].id}")
        return stream(self, examples, cancel)

    monkeypatch.setattr(Arm, "stream", listen)
    latency.measure([arm(tmp_path, "base"), arm(tmp_path, "rag")], ASKED[:2])
    assert order == ["base e0", "rag e0", "base e0", "rag e0", "base e1", "rag e1"]


def test_seconds_are_those_that_a_user_waits(tmp_path: Path) -> None:
    slow = arm(tmp_path, "slow", {"when": "number 1", "say": "At last, an answer.", "seconds": 0.05})
    latency.measure([slow], ASKED)
    times = latency.timings(slow[1])
    assert times[ASKED[1].key]["total"] >= 0.05
    assert times[ASKED[0].key]["total"] < 0.05
    assert all(0 < row["first_token"] <= row["total"] for row in times.values())


def test_a_failure_for_good_is_noted_as_one_and_is_no_timing(tmp_path: Path) -> None:
    broken = arm(tmp_path, "broken", {"when": "number 1", "fail": "deterministic"})
    latency.measure([broken], ASKED)
    assert set(latency.timings(broken[1])) == {ASKED[0].key, ASKED[2].key}
    assert not latency.is_missing(broken[1], ASKED)
    assert latency.is_missing(broken[1], ASKED, retry_failures=True)
    latency.measure([arm(tmp_path, "broken")], ASKED, retry_failures=True)
    assert len(latency.timings(broken[1])) == 3


def test_a_failure_that_may_pass_is_timed_at_the_next_call(tmp_path: Path) -> None:
    latency.measure([arm(tmp_path, "shaky", {"when": "number 1", "fail": "transient"})], ASKED)
    assert latency.is_missing(tmp_path / "shaky", ASKED)
    latency.measure([arm(tmp_path, "shaky")], ASKED)
    assert len(latency.timings(tmp_path / "shaky")) == 3


def test_timings_lie_beside_the_records_and_do_not_touch_them(tmp_path: Path) -> None:
    base = arm(tmp_path, "base")
    latency.measure([base], ASKED)
    assert dict(RunLog(base[1]).records) == {}


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    told = []
    latency.measure([arm(tmp_path, "base")], ASKED, progress=lambda done, total, what: told.append((done, total, what)))
    assert told == [(1, 3, "latency"), (2, 3, "latency"), (3, 3, "latency")]


def test_the_summary_gives_medians_and_the_mean_of_each_stage() -> None:
    rows = [
        {"total": t, "first_token": t / 2, "generate": t, **({"retrieve": 0.5} if t > 1 else {})}
        for t in (1.0, 2.0, 6.0)
    ]
    found = latency.summary(rows)
    assert found["n"] == 3
    assert (found["p50"], found["first_token"]) == (2.0, 1.0)
    assert found["by_stage"] == {"generate": 3.0, "retrieve": 0.3333}
    assert 2.0 < float(str(found["p95"])) <= 6.0


def test_no_timings_have_no_summary() -> None:
    assert latency.summary([]) == {}
