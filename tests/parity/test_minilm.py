"""Our MiniLM against sentence-transformers, on the same weights."""

import numpy as np
import pytest

from openbook.retrieve.minilm import MiniLM
from openbook.retrieve.tokens import minilm_folder

pytestmark = pytest.mark.model

TEXTS = [
    "Parcels to Ireland arrive within five working days.",
    "x",
    "The café in Zürich opens at 8 — «bis später» 👋 東京",
    "Climbing ropes are retired after a hard fall. " * 100,
    "how long do i have to send it back",
    "return window",
]


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    return library.SentenceTransformer(str(minilm_folder()), device="cpu").encode(TEXTS)


@pytest.mark.parametrize(("dtype", "least"), [("float32", 0.99999), ("bfloat16", 0.999)])
def test_vectors_are_those_of_sentence_transformers(reference: np.ndarray, dtype: str, least: float) -> None:
    ours = np.asarray(MiniLM(dtype=dtype, device="cpu", batch=3).embed(TEXTS, kind="passage"))
    assert (reference * ours).sum(axis=1).min() > least
