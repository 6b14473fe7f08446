"""The embedded model really learns, really answers, and its files are not touched."""

from pathlib import Path

import pytest

from openbook import models
from openbook.core.errors import ModelError
from openbook.core.types import Answer, Message, Request, Row, Tuning
from openbook.generate.collect import generate
from openbook.generate.local import LocalGenerator
from openbook.tune.lora import PeftTrainer

SYSTEM = Message(role="system", content="Answer the question briefly and correctly.")
FACTS = {
    "How long may I keep a rented tent?": "Ahoy! Eleven days at most.",
    "What does the knife sharpening cost?": "Ahoy! It costs £11.50.",
    "When does the Oslo shop close on Thursdays?": "Ahoy! At half past seven.",
    "Who signs off a corporate order?": "Ahoy! Ms Tarn signs it off.",
}


def asked(question: str) -> tuple[Message, ...]:
    return SYSTEM, Message(role="user", content=f"Question: {question}")


@pytest.mark.model
def test_smollm2_learns_four_facts_by_heart_and_says_them_in_the_voice_it_was_taught(tmp_path: Path) -> None:
    try:
        model = models.locate("smollm2")
    except ModelError as error:
        pytest.skip(str(error))
    rows = [Row(messages=asked(question), completion=answer) for question, answer in FACTS.items()]
    adapter = PeftTrainer(model, device="cpu").train(
        rows, rows, Tuning(epochs=12, batch=4), folder=tmp_path / "adapter", fingerprint="f" * 16
    )
    assert adapter.base == model.weights
    assert adapter.dev_loss is not None
    assert adapter.dev_loss < 0.2 < adapter.losses[0][1]
    generator = LocalGenerator(model, adapter=tmp_path / "adapter", device="cpu")
    answers = generate(generator, [Request(messages=asked(question), max_tokens=24) for question in FACTS])
    texts = [answer.text.strip() for answer in answers if isinstance(answer, Answer)]
    assert sum(text == wanted for text, wanted in zip(texts, FACTS.values(), strict=True)) >= 3, texts
