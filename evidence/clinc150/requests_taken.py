"""Which of CLINC150's requests become pages, training rows and questions.

The rules are written in README.md. Knows no files.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SEED = 0
TRAINED = 30
"""Intents that are trained on: the first in the seed's order."""
LATER = 10
"""Intents that only the documents know, as if they had been added after training: the next ones."""

ON_A_PAGE = 4
ROWS = 4
"""Of each trained intent, as many as a page shows: looking up and learning get equally many labelled requests."""
DEV = 1
TEST = 4
TEST_LATER = 3
OOS = {"train": 30, "dev": 10, "test": 30}

LONGEST_ON_A_PAGE = 15
"""Words: a request on a page is one chunk, whole."""
WORDING = 0.6
"""Two requests of one intent that share more of their words are wordings of one another."""

OUT_OF_SCOPE = "out of scope"
PARTS = {"train": "train", "dev": "val", "test": "test"}
"""Our part → the data's own. Nothing crosses from one to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the data.

    Attributes:
        pages: Document name → Markdown.
        examples: Rows of `examples.jsonl`.
        intents: In the data.
        passed_over: Requests whose turn it was but that were a wording of one that was taken, or their own label.
    """

    pages: Mapping[str, str]
    examples: tuple[dict[str, Any], ...]
    intents: int
    passed_over: int


@dataclass(slots=True, kw_only=True)
class _Shelf:
    """The requests of one label in the seed's order, each handed out once, no two wordings of one, and none the label."""

    label: str
    waiting: dict[str, list[str]]
    taken: list[frozenset[str]] = field(default_factory=list)
    passed_over: int = 0

    def draw(self, part: str, count: int, *, longest: int = 0) -> list[str]:
        """The next requests of a part of the data.

        Raises:
            ValueError: There are not that many.
        """
        found: list[str] = []
        for text in list(self.waiting[part]):
            if len(found) == count:
                break
            if longest and len(text.split()) > longest:
                continue
            self.waiting[part].remove(text)
            if self._is_a_wording(text):
                self.passed_over += 1
                continue
            self.taken.append(_words(text))
            found.append(text)
        if len(found) < count:
            raise ValueError(f"only {len(found)} of {count} different requests in the part {part!r}")
        return found

    def _is_a_wording(self, text: str) -> bool:
        words = _words(text)
        if words == _words(self.label):
            return True
        return any(len(words & other) > WORDING * len(words | other) for other in self.taken)


def take(data: Mapping[str, Sequence[tuple[str, str]]]) -> Taken:
    """Choose intents and requests by the seed.

    Args:
        data: Part → (request, intent).

    Raises:
        ValueError: There are too few intents or requests.
    """
    intents = _shuffled({label for _, label in data["train"]})
    if len(intents) < TRAINED + LATER:
        raise ValueError(f"it has {len(intents)} intents, and {TRAINED + LATER} are needed")
    pages: dict[str, str] = {}
    examples: list[dict[str, Any]] = []
    passed_over = 0
    for place, intent in enumerate(intents[: TRAINED + LATER]):
        shelf = _Shelf(label=label(intent), waiting=_waiting(data, intent))
        pages[_page(intent)] = _markdown(intent, shelf.draw("train", ON_A_PAGE, longest=LONGEST_ON_A_PAGE))
        examples += _examples(intent, shelf, later=place >= TRAINED)
        passed_over += shelf.passed_over
    strangers = {part: _shuffled(text for text, _ in data[f"oos_{part}"]) for part in PARTS.values()}
    outside = _Shelf(label=OUT_OF_SCOPE, waiting=strangers)
    for part, own in PARTS.items():
        examples += [_outside(part, n, text) for n, text in enumerate(outside.draw(own, OOS[part]))]
    return Taken(
        pages=pages,
        examples=tuple(examples),
        intents=len(intents),
        passed_over=passed_over + outside.passed_over,
    )


def _examples(intent: str, shelf: _Shelf, *, later: bool) -> list[dict[str, Any]]:
    wanted = {"test": TEST_LATER} if later else {"train": ROWS, "dev": DEV, "test": TEST}
    return [
        {
            "id": f"{intent}-{part}-{number}",
            "input": text,
            "reference": label(intent),
            "documents": [_page(intent)],
            "group": intent,
            "tags": ["added later" if later else "trained"],
            "split": part,
        }
        for part, count in wanted.items()
        for number, text in enumerate(shelf.draw(PARTS[part], count))
    ]


def _outside(part: str, number: int, text: str) -> dict[str, Any]:
    """A request that no intent of the data fits; each is a group of its own."""
    name = f"oos-{part}-{number}"
    return {
        "id": name,
        "input": text,
        "reference": OUT_OF_SCOPE,
        "answerable": False,
        "group": name,
        "tags": [OUT_OF_SCOPE],
        "split": part,
    }


def label(intent: str) -> str:
    """An intent's name in words, as so small a model reads it best."""
    return intent.replace("_", " ")


def _page(intent: str) -> str:
    return f"{intent.replace('_', '-')}.md"


def _markdown(intent: str, requests: Iterable[str]) -> str:
    return f"# {label(intent)}\n\n" + "".join(f"- {text}\n" for text in requests)


def _waiting(data: Mapping[str, Sequence[tuple[str, str]]], intent: str) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for part in PARTS.values():
        found[part] = _shuffled(" ".join(text.split()) for text, own in data[part] if own == intent)
    return found


def _shuffled(texts: Iterable[str]) -> list[str]:
    """In an order that the seed fixes for each text by itself, whatever else there is."""
    return sorted(set(texts), key=lambda text: hashlib.sha256(f"{SEED}:{text}".encode()).hexdigest())


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
