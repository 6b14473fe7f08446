"""The texts and instructions that ship: how many, how long, all different, and every check can be met and missed."""

import re
from collections import Counter
from itertools import combinations

import pytest

from openbook.compare.probes.forgetting import MAX_TOKENS, instructions, paragraphs
from openbook.score.instructions import Instruction, follows

PARAGRAPHS = paragraphs(0)
INSTRUCTIONS = instructions(0)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:], strict=False))


def test_there_are_two_hundred_paragraphs_in_nine_registers() -> None:
    registers = Counter(name.rpartition("-")[0] for name in PARAGRAPHS)
    assert len(PARAGRAPHS) == 200
    assert len(registers) == 9
    assert min(registers.values()) >= 15


def test_every_paragraph_is_one_of_forty_to_ninety_words() -> None:
    assert not {name: n for name, text in PARAGRAPHS.items() if not 40 <= (n := len(text.split())) <= 90}
    assert all("\n" not in text for text in PARAGRAPHS.values())


def test_no_two_paragraphs_share_more_than_a_phrase() -> None:
    sets = {name: shingles(text) for name, text in PARAGRAPHS.items()}
    alike = {(a, b): n for a, b in combinations(sets, 2) if (n := len(sets[a] & sets[b])) > 3}
    assert not alike


def test_no_paragraph_begins_like_another_and_few_begin_with_one_word() -> None:
    beginnings = Counter(" ".join(text.split()[:3]).casefold() for text in PARAGRAPHS.values())
    assert beginnings.most_common(1)[0][1] <= 2
    assert Counter(text.split()[0] for text in PARAGRAPHS.values()).most_common(1)[0][1] <= 25


def test_there_are_sixty_instructions_of_many_kinds() -> None:
    assert len(INSTRUCTIONS) == 60
    assert len({one.text for one in INSTRUCTIONS}) == 60
    assert len({one.id.rsplit("-", 1)[0] for one in INSTRUCTIONS}) >= 20


@pytest.mark.parametrize("instruction", INSTRUCTIONS, ids=lambda one: one.id)
def test_the_check_passes_a_good_reply_and_fails_a_likely_bad_one(instruction: Instruction) -> None:
    assert follows(instruction.check, instruction.passes)
    assert not follows(instruction.check, instruction.fails)
    # Four characters a token, and half of the limit to spare.
    assert len(instruction.passes) / 4 < MAX_TOKENS - 16


@pytest.mark.parametrize("reply", ["I don't know.", "I do not know.", "I'm sorry, but I cannot help with that."])
def test_evading_follows_no_instruction(reply: str) -> None:
    assert not [one.id for one in INSTRUCTIONS if follows(one.check, reply)]


def test_no_reply_follows_many_instructions() -> None:
    replies = [*(one.passes for one in INSTRUCTIONS), "la la la", "Yes.", "The answer is 27 days. [returns]"]
    assert max(sum(follows(one.check, reply) for one in INSTRUCTIONS) for reply in replies) <= 5


def test_a_smaller_sample_is_the_beginning_of_a_larger_one() -> None:
    assert list(paragraphs(12)) == list(PARAGRAPHS)[:12]
    assert instructions(5) == INSTRUCTIONS[:5]
    assert len({name.rpartition("-")[0] for name in paragraphs(24)}) >= 6
