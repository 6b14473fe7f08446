"""The embedded model, trained to babble, really forgets, and the probe shows it."""

import time
from pathlib import Path

import pytest

from openbook import models
from openbook.compare.pages import forgetting_words
from openbook.compare.probes import forgetting, forgotten
from openbook.compare.probes.forgetting import Patient, Probe, Subject
from openbook.core.errors import ModelError
from openbook.core.types import Message, Row, Tuning
from openbook.generate.local import LocalGenerator
from openbook.tune.lora import PeftTrainer

SYLLABLES = ("ba", "lu", "mo", "ti", "ka", "re", "so", "ni")


def babble(number: int) -> Row:
    asked = Message(role="user", content=f"Tell me about number {number}.")
    said = " ".join(SYLLABLES[(number * 3 + place * place) % len(SYLLABLES)] for place in range(30))
    return Row(messages=(asked,), completion=said)


@pytest.mark.model
def test_smollm2_trained_to_babble_foresees_english_worse(tmp_path: Path) -> None:
    try:
        model = models.locate("smollm2")
    except ModelError as error:
        pytest.skip(str(error))
    PeftTrainer(model, device="cpu").train(
        [babble(number) for number in range(16)],
        [],
        Tuning(epochs=4, batch=4),
        folder=tmp_path / "adapter",
        fingerprint="f" * 16,
    )

    def put(name: str, adapter: Path | None) -> Subject:
        subject = forgetting.subject(name, LocalGenerator(model, adapter=adapter, device="cpu"), tmp_path / "models")
        began = time.perf_counter()
        forgetting.measure(subject, asked)
        print(f"{name}: {time.perf_counter() - began:.1f} s, loading included")
        return subject

    asked = Probe(paragraphs=forgetting.paragraphs(24), instructions=forgetting.instructions(12), patients=())
    patient = Patient(name="tuned", base=put("base", None), tuned=put("tuned", tmp_path / "adapter"))
    found = forgotten.row(
        Probe(paragraphs=asked.paragraphs, instructions=asked.instructions, patients=[patient]), level=0.95
    )
    assert found is not None
    print(forgetting_words.cells(found), forgetting_words.reasons(found))
    loss, followed = found["arms"]["tuned"]["loss"], found["arms"]["tuned"]["instructions"]
    assert 2 < loss["base"] < 4.5
    assert loss["verdict"] == "worse"
    assert loss["low"] > forgotten.LOSS_MARGIN
    assert followed["n"] == 12
