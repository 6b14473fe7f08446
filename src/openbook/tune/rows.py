"""Training rows as token ids and labels, never longer than the model reads, the answer never cut.

The prompt's ids are those that an arm asks with (`prompt.encode`). Knows nothing of batches, models or optimisers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openbook.core.types import Message, Row
from openbook.prompt import encode, encode_answer

IGNORED = -100
"""Label of a position that is not learned."""

LEAST_PROMPT = 16
"""A prompt keeps at least this many tokens, however long its answer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedRow:
    """One row as ids.

    Attributes:
        ids: Causal: prompt then answer. Seq2seq: the prompt.
        labels: Causal: as long as `ids`, `IGNORED` over the prompt. Seq2seq: the answer.
    """

    ids: tuple[int, ...]
    labels: tuple[int, ...]

    @property
    def answer_tokens(self) -> int:
        return sum(label != IGNORED for label in self.labels)

    @property
    def prompt_tokens(self) -> int:
        """Ids before the first that is learned (of a causal row)."""
        return sum(label == IGNORED for label in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Row lengths in tokens before cutting, the limit, and how many rows were cut to it."""

    p50: int
    p99_5: int
    longest: int
    limit: int
    cut: int


def encode_rows(
    rows: Sequence[Row], tokenizer: Any, *, seq2seq: bool, max_tokens: int = 0, context: int = 0
) -> tuple[list[EncodedRow], Lengths]:
    """Rows as ids and labels, in order, with a report of their lengths.

    A causal row's length counts prompt and answer, a seq2seq row's the prompt alone.

    Args:
        max_tokens: Longest row; 0 takes the 99.5th percentile of the lengths.
        context: What the model can read at most; 0 for no limit.
    """
    prompts = [encode(tokenizer, row.messages, seq2seq=seq2seq) for row in rows]
    answers = [encode_answer(tokenizer, row.completion, seq2seq=seq2seq) for row in rows]
    spent = [0 if seq2seq else len(answer) for answer in answers]
    lengths = sorted(len(prompt) + used for prompt, used in zip(prompts, spent, strict=True))
    limit = max_tokens or percentile(lengths, 99.5)
    if context:
        limit = min(limit, context)
    encoded, cut = [], 0
    for row, prompt, answer, used in zip(rows, prompts, answers, spent, strict=True):
        room = max(limit - used, LEAST_PROMPT)
        if len(prompt) > room:
            cut += 1
            prompt = cut_middle(prompt, room=room, head=_head(row.messages, prompt, tokenizer, seq2seq=seq2seq))
        encoded.append(_join(prompt, answer, seq2seq=seq2seq))
    return encoded, Lengths(
        p50=percentile(lengths, 50),
        p99_5=percentile(lengths, 99.5),
        longest=lengths[-1] if lengths else 0,
        limit=limit,
        cut=cut,
    )


def cut_middle(prompt: Sequence[int], *, room: int, head: int) -> list[int]:
    """Leave `room` ids: the first `head` of them (at most half the room), then as much of the end as fits."""
    kept = min(head, room // 2)
    return [*prompt[:kept], *prompt[len(prompt) - (room - kept) :]]


def percentile(ordered: Sequence[int], percent: float) -> int:
    """The smallest of the ordered values that at least `percent` % of them do not exceed; 0 of none."""
    if not ordered:
        return 0
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


def _head(messages: Sequence[Message], prompt: Sequence[int], tokenizer: Any, *, seq2seq: bool) -> int:
    """How many ids at the front hold the instructions: those shared with the same prompt asked about nothing."""
    if messages[0].role != "system":
        return 0
    bare = encode(tokenizer, (messages[0], Message(role="user", content="")), seq2seq=seq2seq)
    shared = 0
    for left, right in zip(prompt, bare, strict=False):
        if left != right:
            break
        shared += 1
    return shared


def _join(prompt: list[int], answer: list[int], *, seq2seq: bool) -> EncodedRow:
    if seq2seq:
        return EncodedRow(ids=tuple(prompt), labels=tuple(answer))
    return EncodedRow(ids=(*prompt, *answer), labels=(*([IGNORED] * len(prompt)), *answer))
