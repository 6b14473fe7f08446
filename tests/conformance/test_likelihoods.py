"""Every generator that says how likely a text is, through the shipped suite."""

from pathlib import Path

import pytest

import tiny_models
from openbook.core.protocols import Likelihood
from openbook.generate.local import LocalGenerator
from openbook.models import locate
from openbook.testing.likelihood import LikelihoodConformance

pytest.importorskip("torch", reason="the extra 'local' is not installed")


class TestLocal(LikelihoodConformance):
    close = 1e-4

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _model(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tiny_models.llama(tmp_path_factory.mktemp("llama"))

    folder: Path

    def make(self) -> Likelihood:
        return LocalGenerator(locate(f"hf:{self.folder}"), dtype="float32", device="cpu", batch=3)
