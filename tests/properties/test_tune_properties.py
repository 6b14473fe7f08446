"""Properties of training rows and of the plan of steps, over drawn cases."""

import math
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import tiny_models
from openbook.core.types import Message, Row
from openbook.prompt import encode
from openbook.tune.batches import families, micro_batches, plan_steps
from openbook.tune.rows import IGNORED, EncodedRow, encode_rows

DEFAULTING = "{% if messages[0]['role'] != 'system' %}<|system|>I help.</s>{% endif %}" + tiny_models.TEMPLATE

text = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=60)
turn = st.builds(lambda content: Message(role="user", content=content), text)
system = st.builds(lambda content: Message(role="system", content=content), text)
conversation = st.one_of(st.tuples(turn), st.tuples(system, turn))


@cache
def tokenizer(kind: str) -> Any:
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp())
    made = tiny_models.tokenizer(folder, template=kind in ("chat", "defaulting"), end_added=kind == "t5")
    if kind == "defaulting":
        made.chat_template = DEFAULTING
    return made


@given(st.sampled_from(["chat", "defaulting", "plain", "t5"]), conversation, text)
@settings(deadline=None, max_examples=150)
def test_a_model_is_trained_on_the_ids_that_it_will_be_asked_with(
    kind: str, messages: tuple[Message, ...], answer: str
) -> None:
    seq2seq = kind == "t5"
    row = Row(messages=messages, completion=answer)
    (made,), _ = encode_rows([row], tokenizer(kind), seq2seq=seq2seq)
    asked = encode(tokenizer(kind), messages, seq2seq=seq2seq)
    trained = list(made.ids) if seq2seq else list(made.ids[: made.prompt_tokens])
    assert trained == asked
    learned = [label for label in made.labels if label != IGNORED]
    assert learned.count(tokenizer(kind).eos_token_id) >= 1
    assert learned[-1] == tokenizer(kind).eos_token_id


@st.composite
def encoded(draw: st.DrawFn) -> EncodedRow:
    """Rows of two topics, whose first 80 or 100 ids are common, and rows on their own."""
    start = draw(st.sampled_from([[1] * 80, [2] * 100, [draw(st.integers(3, 99))]]))
    rest = draw(st.lists(st.integers(100, 110), min_size=1, max_size=30))
    answer = draw(st.lists(st.integers(200, 210), min_size=1, max_size=5))
    return EncodedRow(ids=(*start, *rest, *answer), labels=(*[IGNORED] * (len(start) + len(rest)), *answer))


rows = st.lists(encoded(), min_size=1, max_size=40)


@given(rows, st.integers(1, 9))
def test_families_hold_every_row_once_and_truly_begin_alike(made: list[EncodedRow], largest: int) -> None:
    found = families(made, largest=largest)
    assert sorted(index for family in found for index in family.rows) == list(range(len(made)))
    for family in found:
        assert len(family.rows) <= largest
        assert (family.shared > 0) == (len(family.rows) > 1)
        assert len({made[index].ids[: family.shared] for index in family.rows}) == 1
        assert all(family.shared < made[index].prompt_tokens for index in family.rows)


@given(rows, st.integers(1, 9), st.integers(0, 3), st.sampled_from([1.0, 2.0, 3.0]))
def test_a_pass_holds_every_row_once(made: list[EncodedRow], batch: int, seed: int, epochs: float) -> None:
    steps = plan_steps(made, families(made, largest=batch), batch=batch, epochs=epochs, seed=seed)
    per_pass = math.ceil(len(made) / batch)
    assert len(steps) == epochs * per_pass
    assert all(1 <= len(step) <= batch for step in steps)
    for start in range(0, len(steps), per_pass):
        seen = [index for step in steps[start : start + per_pass] for index in step]
        assert sorted(seen) == list(range(len(made)))


@given(rows, st.integers(1, 9), st.integers(0, 3))
def test_the_plan_follows_from_the_seed(made: list[EncodedRow], batch: int, seed: int) -> None:
    kin = families(made, largest=batch)
    long, short = (plan_steps(made, kin, batch=batch, epochs=epochs, seed=seed) for epochs in (2.0, 1.0))
    assert long[: len(short)] == short


@given(rows, st.integers(50, 600), st.booleans())
def test_micro_batches_hold_every_row_once_and_keep_the_budget(
    made: list[EncodedRow], budget: int, share: bool
) -> None:
    groups = micro_batches(made, budget=budget, share=share)
    assert sorted(index for group in groups for index in group.rows) == list(range(len(made)))
    for group in groups:
        lengths = [len(made[index].ids) for index in group.rows]
        size = sum(lengths) - group.shared * (len(lengths) - 1) if group.shared else max(lengths) * len(lengths)
        assert size <= budget or len(lengths) == 1
        assert share or not group.shared
