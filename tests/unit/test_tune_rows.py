"""Rows as ids and labels: what is learned, what is cut, what is reported."""

from pathlib import Path
from typing import Any

import pytest

import tiny_models
from openbook.core.types import Message, Row
from openbook.prompt import encode, encode_answer
from openbook.tune.rows import IGNORED, LEAST_PROMPT, cut_middle, encode_rows, percentile


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny_models.tokenizer(tmp_path_factory.mktemp("tokenizer"), template=True)


def row(text: str, answer: str = "27 days") -> Row:
    system = Message(role="system", content="Answer like the shop.")
    return Row(messages=(system, Message(role="user", content=text)), completion=answer)


def test_only_the_answer_and_its_end_are_learned(tokenizer: Any) -> None:
    (made,), _ = encode_rows([row("Question: how long?")], tokenizer, seq2seq=False)
    answer = encode_answer(tokenizer, "27 days", seq2seq=False)
    assert list(made.labels[-len(answer) :]) == answer == list(made.ids[-len(answer) :])
    assert set(made.labels[: -len(answer)]) == {IGNORED}
    assert made.answer_tokens == len(answer)
    assert made.prompt_tokens == len(made.ids) - len(answer)
    assert made.labels[-1] == tokenizer.eos_token_id


def test_a_seq2seq_row_keeps_prompt_and_answer_apart(tokenizer: Any) -> None:
    (made,), _ = encode_rows([row("Question: how long?")], tokenizer, seq2seq=True)
    assert list(made.labels) == encode_answer(tokenizer, "27 days", seq2seq=True)
    assert list(made.ids) == encode(tokenizer, row("Question: how long?").messages, seq2seq=True)


def test_a_long_prompt_loses_its_middle_and_keeps_instructions_and_question(tokenizer: Any) -> None:
    long = row(f"Passages: {'worn boots are not taken back. ' * 40} Question: how long?")
    (made,), lengths = encode_rows([long], tokenizer, seq2seq=False, max_tokens=80)
    text = tokenizer.decode(made.ids)
    assert len(made.ids) == 80
    assert text.startswith("<|system|>Answer like the shop.</s>")
    assert text.endswith("Question: how long?</s><|assistant|>27 days</s>")
    assert (lengths.cut, lengths.limit) == (1, 80)
    assert lengths.longest > 80


def test_an_answer_is_never_cut(tokenizer: Any) -> None:
    answer = "Every spring and every autumn, by hand. " * 10
    (made,), _ = encode_rows([row("Question: when? " * 30, answer)], tokenizer, seq2seq=False, max_tokens=20)
    learned = [label for label in made.labels if label != IGNORED]
    assert learned == encode_answer(tokenizer, answer, seq2seq=False)
    assert made.prompt_tokens == LEAST_PROMPT


def test_without_a_limit_the_longest_half_percent_is_cut(tokenizer: Any) -> None:
    rows = [row("Question: how long?")] * 399 + [row("Question: how long is it then? " * 9)]
    encoded, lengths = encode_rows(rows, tokenizer, seq2seq=False)
    assert lengths.cut == 1
    assert lengths.limit == lengths.p99_5 == len(encoded[0].ids) == len(encoded[-1].ids)


def test_the_context_of_the_model_is_a_limit_too(tokenizer: Any) -> None:
    encoded, lengths = encode_rows([row("Question: " + "why? " * 99)], tokenizer, seq2seq=False, context=64)
    assert len(encoded[0].ids) == lengths.limit == 64


def test_no_rows_are_no_rows(tokenizer: Any) -> None:
    encoded, lengths = encode_rows([], tokenizer, seq2seq=False)
    assert (encoded, lengths.longest, lengths.cut) == ([], 0, 0)


def test_cutting_the_middle_keeps_the_ends() -> None:
    assert cut_middle(range(10), room=6, head=2) == [0, 1, 6, 7, 8, 9]
    assert cut_middle(range(10), room=4, head=9) == [0, 1, 8, 9]
    assert cut_middle(range(10), room=3, head=0) == [7, 8, 9]


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([1, 2, 3, 4], percent) for percent in (0, 25, 26, 50, 99.5, 100)] == [1, 1, 2, 2, 4, 4]


def test_rows_of_real_tokenizers_with_a_default_system_prompt_begin_as_they_are_asked(tmp_path: Path) -> None:
    made = tiny_models.tokenizer(tmp_path, template=True)
    made.chat_template = (
        "{% if messages[0]['role'] != 'system' %}<|system|>You are a helpful model.</s>{% endif %}"
        + tiny_models.TEMPLATE
    )
    asked = (Message(role="user", content="Question: how long?"),)
    (trained,), _ = encode_rows([Row(messages=asked, completion="27 days")], made, seq2seq=False)
    assert list(trained.ids[: trained.prompt_tokens]) == encode(made, asked, seq2seq=False)
    assert "helpful" in made.decode(trained.ids)
