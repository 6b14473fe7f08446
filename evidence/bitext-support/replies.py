"""Which of Bitext's replies become examples, and the pages that the others become.

The rules are written in README.md. Knows no files.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from openbook.ingest.near import NEAR, Shingles, trigrams

SEED = 0

LONGEST = 440
"""Characters of an opening and its list: about 95 of the model's tokens."""
STEPS = range(3, 7)
"""Numbers of steps that a reply may have."""
A_FAMILY = 3
"""Examples of one family of requests at most."""
AN_INTENT = 22
"""Examples of one intent at most, so that no subject makes up the set."""

LEAD_IN = 8
"""A word that the requests of so many intents use says nothing of what is asked for ("help", "want", "could")."""
RARE = 5
"""A word that stands in fewer requests is a typing error, and counts as the common word it is like, or a name."""
MISSPELT = 0.75
"""Likeness of letters (`difflib`) from which on it is a typing error."""
STEM = 5
"""Letters by which words count as one: cancel, cancelling, cancellation."""

COMMON = 0.5
"""Share of the other replies of an intent whose lists use a required word, at least."""
MORE = 0.3
"""By how much more often, at least, than in the mean of all intents."""
REQUIRED = 5
"""Such words of an intent, the most telling ones."""
FACTS = 3
"""Of these an example asks for so many that its own reference uses."""

VOICELESS = 5
"""Lists of an intent, without their openings, that the style's check `like` takes for the other voice."""

STEP = re.compile(r"(\d+)\.\s+(\S.*)")
LONG_NUMBER = re.compile(r"\d{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A request with the reply to it, taken apart.

    Attributes:
        row: Its place in the data.
        family: The intent and the telling words of the request.
        opening: The paragraph before the list, which ends with a colon.
        steps: The list, without numbers.
    """

    row: int
    intent: str
    family: str
    request: str
    opening: str
    steps: tuple[str, ...]

    @property
    def text(self) -> str:
        """Opening and list: the reference, and what the customer reads."""
        return "\n".join([self.opening, *(f"{number}. {step}" for number, step in enumerate(self.steps, 1))])

    @property
    def fits(self) -> bool:
        """Whether it can be an example as it is."""
        return (
            len(self.text) <= LONGEST
            and len(self.steps) in STEPS
            and self.opening.endswith(":")
            and not LONG_NUMBER.search(self.text + self.request)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of the data.

    Attributes:
        pages: Document name → Markdown.
        examples: Rows of `examples.jsonl`.
        voiceless: Rows of `voiceless.jsonl`.
        listed: Replies that are an opening and a list.
        fitting: Of these, how many could be examples.
    """

    pages: Mapping[str, str]
    examples: tuple[dict[str, Any], ...]
    voiceless: tuple[dict[str, str], ...]
    listed: int
    fitting: int


def take(rows: Sequence[Mapping[str, str]]) -> Taken:
    """Choose examples by the seed, and make pages of the replies that do not fit.

    Args:
        rows: As in the data: `instruction`, `intent`, `entity_value`, `response`.
    """
    replies = _replies(rows)
    fitting = [reply for reply in replies if reply.fits]
    others = _others(replies)
    required = required_words(others)
    return Taken(
        pages={page_name(intent): _page(intent, typical(others[intent])) for intent in sorted(others)},
        examples=tuple(_example(reply, required.get(reply.intent, ())) for reply in _chosen(fitting)),
        voiceless=tuple(_voiceless(others)),
        listed=len(replies),
        fitting=len(fitting),
    )


def _replies(rows: Sequence[Mapping[str, str]]) -> list[Reply]:
    tell = telling([(row["intent"], row["instruction"], row["entity_value"]) for row in rows])
    found = []
    for number, (row, words) in enumerate(zip(rows, tell, strict=True)):
        apart = taken_apart(row["response"])
        if apart is not None:
            found.append(
                Reply(
                    row=number,
                    intent=row["intent"],
                    family=" ".join([row["intent"], *sorted(words)]),
                    request=" ".join(row["instruction"].split()),
                    opening=apart[0],
                    steps=apart[1],
                )
            )
    return found


def _others(replies: Sequence[Reply]) -> dict[str, list[Reply]]:
    """Intent → its replies that do not fit, less those whose list is nearly that of one that does."""
    fitting: defaultdict[str, list[Shingles]] = defaultdict(list)
    for reply in replies:
        if reply.fits:
            fitting[reply.intent].append(trigrams(_prose(reply)))
    others: defaultdict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        mine = trigrams(_prose(reply))
        if not reply.fits and not any(len(mine & known) > NEAR * len(mine | known) for known in fitting[reply.intent]):
            others[reply.intent].append(reply)
    return others


def taken_apart(response: str) -> tuple[str, tuple[str, ...]] | None:
    """(opening, steps) of a reply whose first paragraph is followed by a list 1, 2, …; None of any other.

    What follows the list is left out: an offer of further help, much the same in most replies.
    """
    lines = [" ".join(line.split()) for line in response.splitlines() if line.strip()]
    matches = [STEP.fullmatch(line) for line in lines[1:]]
    steps: list[str] = []
    for match in matches:
        if match is None or int(match[1]) != len(steps) + 1:
            break
        steps.append(match[2])
    return (lines[0], tuple(steps)) if steps else None


def telling(requests: Sequence[tuple[str, str, str]]) -> list[frozenset[str]]:
    """The telling words of each (intent, request, name or number in it), cut to their first letters."""
    words = [_words(text.replace(value, " ") if value else text) for _, text, value in requests]
    counts = Counter(word for found in words for word in found)
    intents: defaultdict[str, set[str]] = defaultdict(set)
    for (intent, _, _), found in zip(requests, words, strict=True):
        for word in found:
            intents[word].add(intent)
    common = sorted(word for word, count in counts.items() if count >= RARE)
    meant = {word: word if counts[word] >= RARE else _spelt(word, common) for word in counts}
    told = {word: meant[word][:STEM] for word in counts if 0 < len(intents[meant[word]]) < LEAD_IN}
    return [frozenset(told[word] for word in found if word in told) for found in words]


def _spelt(word: str, common: Sequence[str]) -> str:
    """The common word that a rare one is a misspelling of; empty where it is like none."""
    return next(iter(get_close_matches(word, common, n=1, cutoff=MISSPELT)), "")


def _chosen(fitting: Iterable[Reply]) -> list[Reply]:
    """At most so many of a family and of an intent, in the seed's order; no request twice."""
    families: Counter[str] = Counter()
    intents: Counter[str] = Counter()
    asked: set[str] = set()
    chosen = []
    for reply in sorted(fitting, key=lambda one: _draw(f"{one.row}:{one.request}")):
        same = " ".join(re.findall(r"\w+", reply.request.casefold()))
        if same in asked or families[reply.family] >= A_FAMILY or intents[reply.intent] >= AN_INTENT:
            continue
        asked.add(same)
        families[reply.family] += 1
        intents[reply.intent] += 1
        chosen.append(reply)
    return sorted(chosen, key=lambda one: one.row)


def required_words(others: Mapping[str, Sequence[Reply]]) -> dict[str, tuple[str, ...]]:
    """Intent → words that most of its other replies' lists use and those of other intents less, most telling first."""
    shares = {
        intent: {word: count / len(replies) for word, count in _used(replies).items()}
        for intent, replies in others.items()
    }
    known = {word for found in shares.values() for word in found}
    everywhere = {word: sum(found.get(word, 0) for found in shares.values()) / len(shares) for word in known}
    required = {}
    for intent, found in shares.items():
        gains = {word: share - everywhere[word] for word, share in found.items() if share >= COMMON}
        telling_ones = sorted((w for w, gain in gains.items() if gain >= MORE), key=lambda w: (-gains[w], w))
        required[intent] = tuple(telling_ones[:REQUIRED])
    return required


def _used(replies: Sequence[Reply]) -> Counter[str]:
    return Counter(word for reply in replies for word in _words(" ".join(reply.steps)) if len(word) >= STEM)


def typical(replies: Sequence[Reply]) -> Reply:
    """The reply whose list shares most words with the others' lists; none that names somebody's order."""
    counts = Counter(word for reply in replies for word in _words(" ".join(reply.steps)))

    def likeness(reply: Reply) -> float:
        words = _words(" ".join(reply.steps))
        return sum(counts[word] for word in words) / (len(words) + len(counts) / len(replies))

    numbered = [one for one in replies if LONG_NUMBER.search(" ".join(one.steps))]
    return max((one for one in replies if one not in numbered), key=lambda one: (likeness(one), -one.row))


def _voiceless(others: Mapping[str, Sequence[Reply]]) -> Iterator[dict[str, str]]:
    """Rows of `voiceless.jsonl`: what to do without the voice, of replies that are no examples."""
    for intent in sorted(others):
        drawn = sorted(others[intent], key=lambda one: _draw(f"voiceless:{one.row}"))
        yield from ({"text": _prose(one), "group": intent} for one in drawn[:VOICELESS])


def page_name(intent: str) -> str:
    return f"{intent.replace('_', '-')}.md"


def _page(intent: str, reply: Reply) -> str:
    return f"# {intent.replace('_', ' ').capitalize()}\n\n{_prose(reply)}\n"


def _prose(reply: Reply) -> str:
    """The steps without opening and numbers: what to do, in nobody's voice."""
    return " ".join(step if step.endswith((".", "!", "?")) else f"{step.rstrip(':;,')}." for step in reply.steps)


def _example(reply: Reply, required: Sequence[str]) -> dict[str, Any]:
    """A row of `examples.jsonl`. Its facts are the required words of its intent that its own reference uses."""
    used = _words(" ".join(reply.steps))
    facts = [word for word in required if word in used][:FACTS]
    return {
        "id": f"row-{reply.row}",
        "input": reply.request,
        "reference": reply.text,
        **({"facts": facts} if facts else {}),
        "group": reply.family,
        "tags": [reply.intent],
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.casefold()))


def _draw(text: str) -> str:
    return hashlib.sha256(f"{SEED}:{text}".encode()).hexdigest()
