"""Runs on disk: read back as they were written, resumed after a kill, readable without index or model."""

from dataclasses import replace
from pathlib import Path

import pytest

from openbook.compare.runlog import RunLog
from openbook.core import jsonl
from openbook.core.errors import DiskFull
from openbook.core.types import Answer, Citation, Failure, Hit, Message, Record, Usage
from openbook.workspace import read_json
from small_project import answered, chunk, example

HIT = Hit(chunk=chunk("fees.md", "A year costs £34.", region="uk"), score=0.25, ranks={"dense": 2, "lexical": 1})
PROMPT = (Message(role="system", content="Be brief."), Message(role="user", content="How much?"))
FULL = Record(
    example="e",
    key="k",
    messages=PROMPT,
    result=Answer(
        text="£34 [fees]",
        hits=(HIT,),
        citations=(Citation(chunk=HIT.chunk.id, label="fees", quote="A year costs £34."),),
        finish="length",
        abstained=True,
        prompt="p",
        usage=Usage(input_tokens=12, output_tokens=3),
        seconds={"retrieve": 0.25, "generate": 1.5},
    ),
)
FAILED = Record(
    example="f",
    key="f",
    messages=PROMPT,
    result=Failure(stage="generate", error="Timeout", message="Too slow.", transient=True, attempts=5, usage=Usage()),
)
MACHINE = {"cpu": "A", "cores": 2}


def test_records_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    RunLog(tmp_path).append([FULL, FAILED])
    assert dict(RunLog(tmp_path).records) == {"k": FULL, "f": FAILED}


def test_records_of_an_older_version_have_no_probabilities_and_are_written_as_before(tmp_path: Path) -> None:
    told = replace(FULL, key="told", result=replace(FULL.result, log_probability=-0.123456789))
    RunLog(tmp_path).append([FULL, told])
    plain, other = jsonl.read(tmp_path / "records.jsonl")
    assert "log_probability" not in plain["answer"]
    assert other["answer"] == {**plain["answer"], "log_probability": -0.12346}
    found = [record.result for record in RunLog(tmp_path).records.values()]
    assert [one.log_probability for one in found if isinstance(one, Answer)] == [None, -0.12346]


def test_nothing_is_written_before_the_first_record(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run")
    assert dict(log.records) == {}
    log.append([])
    assert not (tmp_path / "run").exists()


def test_passages_and_prompts_are_kept_once(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.append([FULL])
    log.append([FAILED])
    again = RunLog(tmp_path)
    again.append([answered(example("g"), "£34", hits=(HIT,))])
    assert len(list(jsonl.read(tmp_path / "passages.jsonl"))) == 1
    assert len(list(jsonl.read(tmp_path / "prompts.jsonl"))) == 1
    assert len(RunLog(tmp_path).records) == 3


def test_of_two_records_with_one_key_the_later_one_counts(tmp_path: Path) -> None:
    asked = example("e")
    log = RunLog(tmp_path)
    log.append([Record(example="e", key=asked.key, result=FAILED.result)])
    log.append([answered(asked, "£34")])
    assert log.records[asked.key] == RunLog(tmp_path).records[asked.key] == answered(asked, "£34")


def test_a_passage_is_on_disk_before_the_record_that_saw_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    append = jsonl.append
    monkeypatch.setattr("openbook.core.jsonl.append", lambda path, rows: (order.append(path.name), append(path, rows)))
    RunLog(tmp_path).append([FULL])
    assert order == ["passages.jsonl", "prompts.jsonl", "records.jsonl"]


def test_a_run_says_what_it_is_and_on_which_machines_it_went(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    assert log.machines == []
    log.describe({"arm": "rag"}, machine=MACHINE)
    log.describe({"arm": "other"}, machine=MACHINE)
    log.describe({"arm": "rag"}, machine={"cpu": "B", "cores": 8})
    assert read_json(tmp_path / "run.json")["arm"] == "rag"
    assert RunLog(tmp_path).machines == [MACHINE, {"cpu": "B", "cores": 8}]


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.append([FULL])
    (tmp_path / "records.jsonl").rename(tmp_path / "kept")
    (tmp_path / "records.jsonl").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="The disk is full: could not write answers to"):
        log.append([FAILED])
    (tmp_path / "records.jsonl").unlink()
    (tmp_path / "kept").rename(tmp_path / "records.jsonl")
    again = RunLog(tmp_path)
    assert dict(again.records) == {"k": FULL}
    again.append([FAILED])
    assert dict(RunLog(tmp_path).records) == {"k": FULL, "f": FAILED}
