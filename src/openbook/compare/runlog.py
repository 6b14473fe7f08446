"""Runs on disk: one arm's records, append-only, with the passages and prompts they saw. Needs neither index nor model.

runs/<fingerprint>/
  run.json         what the arm was made of, and every kind of machine that answered
  passages.jsonl   every passage seen, once, by its hash
  prompts.jsonl    every prompt sent, once, by its hash
  records.jsonl    one line an answer or failure; of two lines with one key the later one counts
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.ids import digest
from openbook.core.plain import chunk_of, chunk_row
from openbook.core.types import Answer, Citation, Failure, Hit, Message, Record, Usage
from openbook.workspace import read_json, write_json


class RunLog:
    """The records of one arm.

    Args:
        folder: `runs/<fingerprint>`; made at the first append.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._passages = {row["id"]: row for row in jsonl.read(folder / "passages.jsonl")}
        self._prompts = {row["id"]: row for row in jsonl.read(folder / "prompts.jsonl")}
        self._records: dict[str, Record] = {}
        for row in jsonl.read(folder / "records.jsonl"):
            self._records[row["key"]] = self._record(row)

    @property
    def records(self) -> Mapping[str, Record]:
        """Newest record of each example key."""
        return self._records

    @property
    def machines(self) -> list[dict[str, Any]]:
        """The kinds of machine that answered, in order; empty where nothing was asked yet."""
        known = read_json(self.folder / "run.json")
        return list(known.get("machines", [])) if isinstance(known, dict) else []

    def describe(self, description: Mapping[str, Any], *, machine: Mapping[str, Any]) -> None:
        """Write `run.json` unless it is there; note a machine that goes on where another one stopped."""
        known = read_json(self.folder / "run.json")
        if known is None or machine not in self.machines:
            machines = [*self.machines, dict(machine)]
            write_json(self.folder / "run.json", {**(known or description), "machines": machines})

    def append(self, records: Sequence[Record]) -> None:
        """Passages and prompts first, so that no record ever points at one that is not there."""
        chunks = (hit.chunk for r in records if isinstance(r.result, Answer) for hit in r.result.hits)
        passages = _fresh(((chunk.id, {"id": chunk.id, **chunk_row(chunk)}) for chunk in chunks), self._passages)
        prompts = _fresh(((_prompt_id(r), _prompt_row(r)) for r in records if r.messages), self._prompts)
        with disk_errors(f"answers to {str(self.folder)!r}"):
            jsonl.append(self.folder / "passages.jsonl", passages)
            jsonl.append(self.folder / "prompts.jsonl", prompts)
            jsonl.append(self.folder / "records.jsonl", [_record_row(record) for record in records])
        for record in records:
            self._records[record.key] = record

    def _record(self, row: Mapping[str, Any]) -> Record:
        prompt = self._prompts.get(row.get("prompt", ""), {"messages": []})
        messages = tuple(Message(role=role, content=content) for role, content in prompt["messages"])
        result = self._answer(row["answer"]) if "answer" in row else _failure(row["failure"])
        return Record(example=row["example"], key=row["key"], result=result, messages=messages)

    def _answer(self, row: Mapping[str, Any]) -> Answer:
        hits = tuple(
            Hit(chunk=chunk_of(self._passages[hit["chunk"]]), score=hit["score"], ranks=hit["ranks"])
            for hit in row["hits"]
        )
        return Answer(
            text=row["text"],
            hits=hits,
            citations=tuple(Citation(**citation) for citation in row["citations"]),
            finish=row["finish"],
            abstained=row["abstained"],
            prompt=row["prompt"],
            usage=Usage(**row["usage"]),
            seconds=row["seconds"],
            log_probability=row.get("log_probability"),
        )


def _fresh(rows: Iterable[tuple[str, dict[str, Any]]], known: dict[str, Any]) -> list[dict[str, Any]]:
    fresh = []
    for identifier, row in rows:
        if identifier not in known:
            known[identifier] = row
            fresh.append(row)
    return fresh


def _prompt_id(record: Record) -> str:
    return digest([[m.role, m.content] for m in record.messages])


def _prompt_row(record: Record) -> dict[str, Any]:
    return {"id": _prompt_id(record), "messages": [[m.role, m.content] for m in record.messages]}


def _record_row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {"example": record.example, "key": record.key}
    if record.messages:
        row["prompt"] = _prompt_id(record)
    if isinstance(record.result, Answer):
        return {**row, "answer": _answer_row(record.result)}
    return {**row, "failure": _failure_row(record.result)}


def _answer_row(answer: Answer) -> dict[str, Any]:
    told = answer.log_probability
    return {
        "text": answer.text,
        "hits": [{"chunk": h.chunk.id, "score": h.score, "ranks": dict(h.ranks)} for h in answer.hits],
        "citations": [{"chunk": c.chunk, "label": c.label, "quote": c.quote} for c in answer.citations],
        "finish": answer.finish,
        "abstained": answer.abstained,
        "prompt": answer.prompt,
        "usage": _usage_row(answer.usage),
        "seconds": {stage: round(value, 6) for stage, value in answer.seconds.items()},
        **({} if told is None else {"log_probability": round(told, 5)}),
    }


def _failure_row(failure: Failure) -> dict[str, Any]:
    return {
        "stage": failure.stage,
        "error": failure.error,
        "message": failure.message,
        "transient": failure.transient,
        "attempts": failure.attempts,
        "usage": _usage_row(failure.usage),
    }


def _failure(row: Mapping[str, Any]) -> Failure:
    return Failure(**{**row, "usage": Usage(**row["usage"])})


def _usage_row(usage: Usage) -> dict[str, int]:
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
