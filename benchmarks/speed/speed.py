"""`python benchmarks/speed/speed.py`: what a report costs once the answers are there.

Makes a project of 5 arms, 500 test questions and 12 metrics with scripted answers, lets `openbook compare` answer once, and
times two further calls, each a process of its own: one whose report has been deleted (scoring, tests, intervals, pages)
and one with nothing to do. Knows no figure of Openbook's insides.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
LIMITS = {"report": 20.0, "nothing": 2.0}
"""Seconds that each call may take."""

ARMS = {"base": 0.2, "prompted": 0.35, "rag": 0.7, "tuned": 0.5, "hybrid": 0.75}
"""Arm → share of the questions that it answers rightly."""

CONFIG = """\
[project]
name = "speed"

[documents]
sources = ["pages/*.md"]

[model]
name = "scripted:silent.jsonl"

[embedder]
name = "hashing"

[store]
name = "memory"

[prompt]
shots = 2

[tune]
trainer = "memorise"
epochs = 1

[probes]
latency = 0
gap = 0

[compare]
arms = {arms}

[[compare.kpis]]
name = "voice"
checks = [{{ words = [5, 90] }}, {{ require = ["Kind regards"] }}, {{ forbid = ["unfortunately", "as an AI"] }}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One call: seconds that passed, and seconds that cores worked for it."""

    passed: float
    worked: float


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    sources = {"this checkout": SOURCE, **({"the other one": asked.against} if asked.against else {})}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch) / str(number) / "speed" for number, name in enumerate(sources)}
        first, *others = folders.values()
        make(first, questions=asked.questions)
        print(f"answered in {call(first, SOURCE).passed:.1f} s", flush=True)
        for folder in others:
            # What the other one would answer differently it asks again.
            shutil.copytree(first, folder)
            call(folder, asked.against)
        found: dict[tuple[str, str], list[Timed]] = {(name, what): [] for what in LIMITS for name in sources}
        for _ in range(asked.times):
            for what in LIMITS:
                for name, folder in folders.items():
                    if what == "report":
                        shutil.rmtree(folder / ".openbook" / "reports")
                    found[name, what].append(call(folder, sources[name]))
    return _told(found, list(sources))


def _told(found: dict[tuple[str, str], list[Timed]], names: Sequence[str]) -> int:
    """Print medians, and how many times as long the other checkout takes; 1 where a limit is broken."""
    broken = False
    for what, limit in LIMITS.items():
        middle = {name: statistics.median(one.passed for one in found[name, what]) for name in names}
        worked = {name: statistics.median(one.worked for one in found[name, what]) for name in names}
        for name in names:
            print(f"{what}, {name}: {middle[name]:.2f} s passed, {worked[name]:.2f} s worked (limit {limit:g} s)")
        if len(names) == 2:
            first, other = (worked[name] for name in names)
            print(f"{what}: the other one works {other / first:.2f} times as long")
        broken |= middle[names[0]] > limit
    return int(broken)


def call(folder: Path, source: Path) -> Timed:
    """`openbook compare` in a process of its own.

    Raises:
        RuntimeError: It failed.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        [sys.executable, "-m", "openbook", "compare", "-C", str(folder), "--json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    passed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"openbook compare ended with {done.returncode}: {done.stderr[-500:]}")
    metrics = [metric["name"] for metric in json.loads(done.stdout)["metrics"]]
    if len(metrics) != 12:
        raise RuntimeError(f"12 metrics are to be marked, and these are: {metrics}")
    return Timed(passed=passed, worked=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def make(folder: Path, *, questions: int) -> None:
    """Write the project: a page for every two questions, answers of about 40 words."""
    chance = random.Random(0)
    words = _words(chance)
    vocabulary = [next(words) for _ in range(800)]
    rows = [_row(number, words, chance, vocabulary) for number in range(questions + 60)]
    for page in {row["page"] for row in rows}:
        told = [f"## {row['key']}\n\n{row['told']}\n" for row in rows if row["page"] == page]
        _write(folder / "pages" / f"{page}.md", "\n".join([f"# {page}\n", *told]))
    _lines(folder / "examples.jsonl", [_example(row, number < questions) for number, row in enumerate(rows)])
    _lines(folder / "silent.jsonl", [{"default": "I don't know."}])
    config = CONFIG.format(arms=json.dumps(list(ARMS)))
    for name, share in ARMS.items():
        config += f'\n[arms.{name}]\nkind = "{name}"\n[arms.{name}.model]\nname = "scripted:{name}.jsonl"\n'
        _lines(folder / f"{name}.jsonl", [*(_rule(row, share, chance, vocabulary) for row in rows), {"default": "No."}])
    _write(folder / "openbook.toml", config)


def _words(chance: random.Random) -> Iterator[str]:
    """Words that no language has, each once."""
    used: set[str] = set()
    while True:
        made = "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(4))
        if made not in used:
            used.add(made)
            yield made


def _row(number: int, words: Iterator[str], chance: random.Random, vocabulary: Sequence[str]) -> dict[str, str]:
    key, value, false = f"{next(words)} {next(words)}", next(words), next(words)
    rest = " ".join(chance.choices(vocabulary, k=30))
    return {"id": f"q{number}", "page": f"page{number // 2}", "key": key, "value": value, "false": false,
            "told": f"The {key} is {value}: {rest}."}  # fmt: skip


def _example(row: dict[str, str], test: bool) -> dict[str, object]:
    unanswerable = test and int(row["id"][1:]) % 25 == 0
    common = {
        "id": row["id"],
        "input": f"What is the {row['key']} of this place?",
        "split": "test" if test else "train",
    }
    if unanswerable:
        return {**common, "answerable": False, "reference": "I don't know."}
    return {**common, "reference": f"Hello. {row['told']} Kind regards.", "documents": [f"{row['page']}.md"],
            "facts": [[row["value"]]], "stale": [row["false"]]}  # fmt: skip


def _rule(row: dict[str, str], share: float, chance: random.Random, vocabulary: Sequence[str]) -> dict[str, str]:
    said = row["told"] if chance.random() < share else row["told"].replace(row["value"], row["false"])
    told = said.split(" ")
    for place in chance.sample(range(5, len(told)), 12):
        told[place] = chance.choice(vocabulary)
    return {"when": row["key"], "say": f"Hello. {' '.join(told)} Kind regards."}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _lines(path: Path, rows: Sequence[dict[str, object]] | Sequence[dict[str, str]]) -> None:
    _write(path, "".join(json.dumps(row) + "\n" for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time a report of 5 arms, 500 questions and 12 metrics.")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--times", type=int, default=3, help="calls of each kind; the median counts")
    parser.add_argument("--against", type=Path, help="`src` of another checkout, timed in turn with this one")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
