"""The loss: on answer tokens only, the same as transformers' own, the same whether rows share a beginning or not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

import tiny_models
from openbook import models
from openbook.core.types import Message, Row
from openbook.tune.batches import families
from openbook.tune.loss import causal_batch, family_batch, seq2seq_batch, summed_loss
from openbook.tune.rows import EncodedRow, encode_rows

CPU = torch.device("cpu")
PASSAGE = (
    "Passages: climbing ropes are retired after a hard fall, worn boots are not taken back, returns are free. " * 2
)


def rows(tokenizer: Any, *, seq2seq: bool) -> list[EncodedRow]:
    asked = [
        ("How often?", "every spring"),
        ("Are worn boots taken back, please?", "no"),
        ("When?", "after a hard fall"),
    ]
    made = [Row(messages=(Message(role="user", content=f"{PASSAGE}Question: {q}"),), completion=a) for q, a in asked]
    return encode_rows(made, tokenizer, seq2seq=seq2seq, max_tokens=400)[0]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[EncodedRow]]:
    model = models.describe("tiny", tiny_models.llama(tmp_path_factory.mktemp("llama")))
    return models.load_model(model, dtype="float32", device="cpu"), rows(models.load_tokenizer(model), seq2seq=False)


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[EncodedRow]]:
    model = models.describe("tiny", tiny_models.t5(tmp_path_factory.mktemp("t5")))
    return models.load_model(model, dtype="float32", device="cpu"), rows(models.load_tokenizer(model), seq2seq=True)


def apart(network: Any, made: Sequence[EncodedRow], *, seq2seq: bool) -> float:
    """transformers' own loss, row by row, unpadded, times the answer's tokens."""
    total = 0.0
    for row in made:
        own = network(input_ids=torch.tensor([row.ids]), labels=torch.tensor([row.labels])).loss
        total += float(own) * row.answer_tokens
    return total


def test_the_causal_loss_is_transformers_own(llama: tuple[Any, list[EncodedRow]]) -> None:
    network, made = llama
    ours = summed_loss(network, causal_batch(made, pad=0, device=CPU))
    assert float(ours) == pytest.approx(apart(network, made, seq2seq=False), rel=1e-5)


def test_the_seq2seq_loss_is_transformers_own(t5: tuple[Any, list[EncodedRow]]) -> None:
    network, made = t5
    ours = summed_loss(network, seq2seq_batch(made, pad=0, start=0, device=CPU))
    assert float(ours) == pytest.approx(apart(network, made, seq2seq=True), rel=1e-5)


def test_a_family_read_in_one_piece_has_the_loss_and_the_gradient_of_its_rows(
    llama: tuple[Any, list[EncodedRow]],
) -> None:
    network, made = llama
    (family,) = families(made, largest=9)
    assert family.shared > len(made[0].ids) // 2
    weight = network.model.layers[0].self_attn.k_proj.weight
    whole = family_batch(made, shared=family.shared, dtype=torch.float32, device=CPU)
    found = {}
    for name, batch in (("whole", whole), ("apart", causal_batch(made, pad=0, device=CPU))):
        network.zero_grad()
        loss = summed_loss(network, batch)
        loss.backward()
        found[name] = (float(loss), weight.grad.clone())
    assert found["whole"][0] == pytest.approx(found["apart"][0], rel=1e-5)
    assert torch.allclose(found["whole"][1], found["apart"][1], rtol=1e-3, atol=1e-4)


def test_the_vocabulary_is_projected_only_where_there_is_a_label(llama: tuple[Any, list[EncodedRow]]) -> None:
    network, made = llama
    seen: list[int] = []
    handle = network.get_output_embeddings().register_forward_hook(lambda _m, _i, out: seen.append(out[..., 0].numel()))
    summed_loss(network, causal_batch(made, pad=0, device=CPU))
    handle.remove()
    assert seen == [sum(row.answer_tokens for row in made)]
    assert not network.get_output_embeddings()._forward_pre_hooks, "the model is left as it was"


def test_padding_does_not_change_the_loss(llama: tuple[Any, list[EncodedRow]]) -> None:
    network, made = llama
    one = sum(float(summed_loss(network, causal_batch([row], pad=0, device=CPU))) for row in made)
    assert float(summed_loss(network, causal_batch(made, pad=5, device=CPU))) == pytest.approx(one, rel=1e-5)


def test_tiny_models_are_what_the_tests_take_them_for(tmp_path: Path) -> None:
    assert models.describe("x", tiny_models.t5(tmp_path / "t5")).kind == "seq2seq"
    assert models.describe("x", tiny_models.llama(tmp_path / "llama")).kind == "causal"
