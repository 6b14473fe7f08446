"""What every embedder must do. Subclass, give the embedder, and pytest runs the rest:

class TestMine(EmbedderConformance):
    @pytest.fixture(scope="class")
    def embedder(self) -> Embedder:
        return Mine()
"""

from typing import Any, ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from openbook.core.protocols import Embedder, Vector
from openbook.core.types import Failure

TEXTS = [
    "Parcels to Ireland arrive within five working days.",
    "The café in Zürich opens at 8 — «bis später» 👋 東京",
    "Returns are free within 27 days.",
    "x",
    "Climbing ropes are retired after a hard fall. " * 200,
    "…",
]


class EmbedderConformance:
    """The suite; one embedder, made once, goes through all of it."""

    close = 0.999
    """Least cosine between a text's vector computed alone and among others (low-precision arithmetic may differ)."""

    made: ClassVar[dict[type, Embedder]] = {}

    def make(self) -> Embedder:
        """The embedder under test."""
        raise NotImplementedError("say how to make the embedder under test")

    @pytest.fixture
    def embedder(self) -> Embedder:
        if type(self) not in self.made:
            self.made[type(self)] = self.make()
        return self.made[type(self)]

    def test_two_embedders_of_a_kind_have_one_fingerprint(self, embedder: Embedder) -> None:
        assert self.make().fingerprint == embedder.fingerprint

    def test_it_fulfils_the_protocol(self, embedder: Embedder) -> None:
        assert isinstance(embedder, Embedder)
        assert isinstance(embedder.fingerprint, str)
        assert embedder.fingerprint.strip()
        assert embedder.dimension > 0

    def test_an_empty_list_gives_an_empty_list(self, embedder: Embedder) -> None:
        assert embedder.embed([], kind="query") == []

    def test_every_text_has_one_finite_unit_vector_of_the_dimension(self, embedder: Embedder) -> None:
        vectors = array(embedder.embed(TEXTS, kind="passage"))
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert np.isfinite(vectors).all()
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)

    def test_vectors_come_in_the_order_of_the_texts_and_do_not_depend_on_the_batch(self, embedder: Embedder) -> None:
        together = array(embedder.embed(TEXTS, kind="passage"))
        alone = array([embedder.embed([text], kind="passage")[0] for text in TEXTS])
        assert ((together * alone).sum(axis=1) > self.close).all()

    def test_the_same_text_has_the_same_vector_again(self, embedder: Embedder) -> None:
        first = array(embedder.embed(TEXTS[:1], kind="query"))
        np.testing.assert_array_equal(first, array(embedder.embed(TEXTS[:1], kind="query")))

    def test_a_bad_item_is_a_failure_in_its_place(self, embedder: Embedder) -> None:
        texts = cast(list[str], ["good", "", None, " \n", 7, "also good"])
        results = embedder.embed(texts, kind="passage")
        assert [isinstance(result, Failure) for result in results] == [False, True, True, True, True, False]
        assert all(result.message and not result.transient for result in results if isinstance(result, Failure))
        assert (array([results[0]]) @ array(embedder.embed(["good"], kind="passage")).T).item() > self.close

    def test_a_text_is_nearer_to_its_own_words_than_to_others(self, embedder: Embedder) -> None:
        passages = array(embedder.embed([TEXTS[0], TEXTS[2], TEXTS[4]], kind="passage"))
        queries = ["parcel arrives in Ireland", "are returns free", "ropes after a fall"]
        nearest = (array(embedder.embed(queries, kind="query")) @ passages.T).argmax(axis=1)
        assert nearest.tolist() == [0, 1, 2]


def array(vectors: "list[Vector | Failure] | list[Any]") -> NDArray[np.float64]:
    """Vectors as one array; a Failure among them fails the test."""
    assert not [vector for vector in vectors if isinstance(vector, Failure)]
    return np.asarray(vectors, dtype=np.float64)
