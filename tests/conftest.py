"""Fixtures that several files share. Its presence also puts this folder on the import path (`import shared_data`)."""

import pytest

import tiny_models
from openbook.models import LocalModel, locate


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """A Llama of two layers with random weights."""
    return locate(f"hf:{tiny_models.llama(tmp_path_factory.mktemp('llama'))}")


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    """A T5 with random weights."""
    return locate(f"hf:{tiny_models.t5(tmp_path_factory.mktemp('t5'))}")


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of small appends, each made safe, are most of the time of a comparison in a test."""
    monkeypatch.setattr("os.fsync", lambda _: None)
