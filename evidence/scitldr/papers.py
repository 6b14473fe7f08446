"""Papers with abstract and one-sentence summaries, divided into a shelf and the examples. Knows nothing of Openbook."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAIN_FILE, TEST_FILE = "train.jsonl.gz", "test.jsonl"
LONGEST = 200
"""Words of an abstract; longer ones are left out, not cut."""
TRAIN, DEV, TEST = 100, 40, 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    id: str
    title: str
    abstract: str
    summaries: tuple[str, ...]

    @property
    def words(self) -> int:
        return len(self.abstract.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Papers by what they are for; no paper is in two parts.

    Attributes:
        shelf: Whose titles and summaries are there to be looked up.
        too_long: Papers that were passed over because their abstract is too long, in both files.
        twice: Papers of the first file that are in the second, or in their own, a second time.
    """

    train: tuple[Paper, ...]
    dev: tuple[Paper, ...]
    test: tuple[Paper, ...]
    shelf: tuple[Paper, ...]
    too_long: int
    twice: int


def read(data: Path) -> Papers:
    """The parts, each in an order that follows from the papers' ids alone.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: There are fewer papers than the parts need.
    """
    with gzip.open(data / TRAIN_FILE, "rt", encoding="utf-8") as lines:
        training = _papers(lines)
    with (data / TEST_FILE).open(encoding="utf-8") as lines:
        testing = _papers(lines)
    known = {key for paper in testing for key in _keys(paper)}
    free = list(_once(training, known))
    asked, tested = _fit(free), _fit(testing)
    if len(asked) < TRAIN + DEV or len(tested) < TEST:
        raise ValueError(f"{len(asked)} and {len(tested)} papers with a short abstract are too few")
    train, dev = asked[:TRAIN], asked[TRAIN : TRAIN + DEV]
    used = {paper.id for paper in (*train, *dev)}
    return Papers(
        train=tuple(train),
        dev=tuple(dev),
        test=tuple(tested[:TEST]),
        shelf=tuple(paper for paper in free if paper.id not in used),
        too_long=len(free) - len(asked) + len(testing) - len(tested),
        twice=len(training) - len(free),
    )


def _papers(lines: Iterator[str] | Any) -> list[Paper]:
    found = [_paper(json.loads(line)) for line in lines]
    return sorted(found, key=lambda paper: hashlib.sha256(paper.id.encode()).hexdigest())


def _paper(raw: Mapping[str, Any]) -> Paper:
    return Paper(
        id=raw["paper_id"],
        title=_spaced(raw["title"]),
        abstract=_spaced(" ".join(raw["source"])),
        summaries=tuple(dict.fromkeys(_spaced(target) for target in raw["target"])),
    )


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _fit(papers: Sequence[Paper]) -> list[Paper]:
    return [paper for paper in papers if paper.words <= LONGEST]


def _once(papers: Sequence[Paper], known: set[str]) -> Iterator[Paper]:
    """The papers without those that are known by title or abstract, or came before."""
    seen = set(known)
    for paper in papers:
        keys = _keys(paper)
        if not seen & keys:
            yield paper
        seen |= keys


def _keys(paper: Paper) -> set[str]:
    return {" ".join(re.findall(r"\w+", text.casefold())) for text in (paper.title, paper.abstract)}
