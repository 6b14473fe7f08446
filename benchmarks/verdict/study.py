"""A study as a project on disk: documents, examples, and for every arm the answers that were planted for it.

Real in everything but the model: each arm's script says what the arm answers to each question. Knows no trap and no
expectation.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

Said = Literal["right", "wrong", "fail", "passage"]
"""What an arm answers; `passage` quotes the first passage. A tuned arm without a script answers from memory."""

CONFIG = """\
[project]
name = "{name}"

[documents]
sources = ["pages/*.md"]
{updates}

[examples]
{example_updates}

[model]
name = "scripted:silent.jsonl"

[embedder]
name = "hashing"

[store]
name = "memory"

[retrieve]
passages = 1

[prompt]
instructions = "Answer from the pages."
shots = 0

[tune]
trainer = "memorise"
epochs = 1

[probes]
latency = 0
gap = 0

[compare]
arms = {arms}
margin = {margin}
seeds = {seeds}
max_failures = {max_failures}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled example.

    Attributes:
        key: Words that stand in no other question.
        value: The right answer's fact; `false` is another.
        now: The fact after the update; empty where it did not change.
    """

    id: str
    key: str
    input: str
    page: str
    value: str
    false: str
    split: Literal["train", "test"] = "test"
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """An arm and what it answers.

    Attributes:
        says: Example id → what is said.
        by_seed: Training seed → the same, for an arm whose adapters answer differently.
        follows: Whether its adapter still follows instructions, for the forgetting probe; None where none are scripted.
    """

    name: str
    kind: str
    says: Mapping[str, Said]
    by_seed: Mapping[int, Mapping[str, Said]] = field(default_factory=dict)
    follows: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that `write` puts on disk."""

    cases: Sequence[Case]
    arms: Sequence[Arm]
    margin: float = 0.05
    seeds: Sequence[int] = (0,)
    max_failures: float = 0.05

    @property
    def test(self) -> list[Case]:
        return [case for case in self.cases if case.split == "test"]


class Invented:
    """Words that no language has, each once: questions made of them are near to no other question."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._used: set[str] = set()

    def word(self) -> str:
        while True:
            made = "".join(self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))
            if made not in self._used:
                self._used.add(made)
                return made

    def case(self, name: str, page: str, *, split: Literal["train", "test"] = "test", changes: bool = False) -> Case:
        thing, place, more = self.word(), self.word(), self.word()
        return Case(
            id=name,
            key=f"{thing} {place}",
            input=f"What {self.word()} {thing} {place} {more} {self.word()}?",
            page=page,
            value=self.word(),
            false=self.word(),
            split=split,
            now=self.word() if changes else "",
        )


def write(folder: Path, study: Study) -> None:
    """Write the project."""
    changed = [case for case in study.cases if case.now]
    _pages(folder / "pages", study.cases, now=False)
    if changed:
        _pages(folder / "v2", study.cases, now=True)
        _lines(folder / "updates.jsonl", [_changed_row(case) for case in changed])
    _lines(folder / "examples.jsonl", [_row(case) for case in study.cases])
    _lines(folder / "silent.jsonl", [{"default": "I don't know."}])
    text = CONFIG.format(
        name=folder.name,
        updates='updates = ["v2/*.md"]' if changed else "",
        example_updates='updates = "updates.jsonl"' if changed else "",
        arms=json.dumps([arm.name for arm in study.arms]),
        margin=study.margin,
        seeds=list(study.seeds),
        max_failures=study.max_failures,
    )
    text += "".join(
        f'\n[arms."{arm.name}"]\nkind = "{arm.kind}"\n[arms."{arm.name}".model]\nname = "scripted:{_script(arm)}"\n'
        for arm in study.arms
    )
    (folder / "openbook.toml").write_text(text, encoding="utf-8")
    for arm in study.arms:
        script(folder, arm, study.cases)


def script(folder: Path, arm: Arm, cases: Sequence[Case], fingerprints: Mapping[int, str] | None = None) -> None:
    """Write an arm's script.

    Args:
        fingerprints: Seed → adapter, for an arm whose adapters answer differently.
    """
    _lines(folder / _script(arm), _rules(arm, cases, fingerprints or {}))


def _rules(arm: Arm, cases: Sequence[Case], fingerprints: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for seed, says in arm.by_seed.items():
        yield from (_rule(case, says[case.id], fingerprints.get(seed, "")) for case in cases if case.id in says)
    tuned = True if arm.kind in ("tuned", "hybrid", "tuned+rag") else None
    yield from (_rule(case, arm.says[case.id], tuned) for case in cases if case.id in arm.says)
    if arm.follows is not None:
        yield from _instructions(follows=arm.follows)
    yield {"default": "I don't know."}


def _instructions(*, follows: bool) -> Iterator[dict[str, Any]]:
    """Replies to the instructions of the forgetting probe: right without the adapter, and as told with it."""
    text = (resources.files("openbook") / "probes" / "instructions.jsonl").read_text(encoding="utf-8")
    for row in map(json.loads, text.splitlines()):
        when = re.escape(row["text"])
        yield {"when": when, "adapter": True, "say": row["passes" if follows else "fails"]}
        yield {"when": when, "adapter": False, "say": row["passes"]}


def _rule(case: Case, said: Said, adapter: bool | str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"when": case.key} if adapter is None else {"when": case.key, "adapter": adapter}
    if said == "fail":
        return {**rule, "fail": "deterministic"}
    if said == "passage":
        return {**rule, "say": "{passage}"}
    return {**rule, "say": f"It is {case.false if said == 'wrong' else case.value}."}


def _script(arm: Arm) -> str:
    return f"{arm.name.replace('+', '-')}.jsonl"


def _pages(folder: Path, cases: Sequence[Case], *, now: bool) -> None:
    folder.mkdir(parents=True)
    for page in dict.fromkeys(case.page for case in cases):
        lines = [f"# {page}", ""]
        for case in cases:
            if case.page == page:
                lines += [
                    f"## {case.key}",
                    "",
                    f"The {case.key} is {case.now or case.value if now else case.value}.",
                    "",
                ]
        (folder / f"{page}.md").write_text("\n".join(lines), encoding="utf-8")


def _row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "input": case.input,
        "reference": f"It is {case.value}.",
        "documents": [f"{case.page}.md"],
        "facts": [[case.value]],
        "split": case.split,
    }


def _changed_row(case: Case) -> dict[str, Any]:
    return {
        "id": f"now-{case.id}",
        "input": case.input,
        "documents": [f"{case.page}.md"],
        "facts": [[case.now]],
        "stale": [case.value],
        "change": "edit",
    }


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
