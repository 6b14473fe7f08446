"""Every trainer, through the shipped suite; what trains a model is run on a tiny Llama and a tiny T5."""

from pathlib import Path
from typing import ClassVar

import pytest

import tiny_models
from openbook import models
from openbook.core.protocols import Trainer
from openbook.testing.trainer import TrainerConformance
from openbook.tune import TRAINERS
from openbook.tune.memorise import MemoriseTrainer


class TestMemorise(TrainerConformance):
    seeded = False

    def make(self) -> Trainer:
        return MemoriseTrainer(None, device="cpu")


class PeftConformance(TrainerConformance):
    model: ClassVar[models.LocalModel]
    """Set by a fixture, once for the class: making it loads transformers."""

    def make(self) -> Trainer:
        trainer: Trainer = TRAINERS.load("peft")(self.model, device="cpu", checkpoint_seconds=0.0)
        return trainer

    @pytest.fixture(autouse=True, scope="class")
    def base(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
        request.cls.model = self.described(tmp_path_factory.mktemp("base"))
        request.cls.base_hash = request.cls.model.weights

    def described(self, folder: Path) -> models.LocalModel:
        raise NotImplementedError

    def test_the_base_is_the_same_afterwards(self, tmp_path: Path) -> None:
        before = {path.name: path.read_bytes() for path in self.model.folder.iterdir()}
        self.train(tmp_path)
        assert {path.name: path.read_bytes() for path in self.model.folder.iterdir()} == before


class TestPeftOnLlama(PeftConformance):
    def described(self, folder: Path) -> models.LocalModel:
        return models.describe("tiny", tiny_models.llama(folder))


class TestPeftOnT5(PeftConformance):
    def described(self, folder: Path) -> models.LocalModel:
        return models.describe("tiny", tiny_models.t5(folder))
