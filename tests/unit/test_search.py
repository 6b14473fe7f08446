"""The retriever over a real store and a real embedder, both without a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import pytest

from openbook.core.errors import UsageError
from openbook.core.protocols import Embedder, Retriever, Store, Vector
from openbook.core.types import Chunk, Comparison, Failure, Hit
from openbook.retrieve.hashing import HashingEmbedder
from openbook.retrieve.memory import MemoryStore
from openbook.retrieve.search import Mode, Searcher

TEXTS = {
    "returns-uk": "Returns in the United Kingdom are free within 27 days.",
    "returns-ireland": "Returns in Ireland are free within 21 days.",
    "shipping": "Parcels arrive within five working days.",
    "ropes": "Climbing ropes are retired after a hard fall.",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    chunks = [
        Chunk(document=name, text=text, start=0, end=len(text), metadata={"region": name.split("-")[-1]})
        for name, text in TEXTS.items()
    ]
    store = MemoryStore(tmp_path, dimension=HashingEmbedder.dimension)
    vectors = HashingEmbedder().embed([chunk.searchable for chunk in chunks], kind="passage")
    store.replace(chunks, cast(list[Vector], vectors))
    return store


def _names(result: list[Hit] | Failure) -> list[str]:
    assert not isinstance(result, Failure)
    return [hit.chunk.document for hit in result]


def test_it_fulfils_the_protocol(store: Store) -> None:
    assert isinstance(Searcher(HashingEmbedder(), store), Retriever)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_the_best_hit_comes_first_in_every_mode(store: Store, mode: Mode) -> None:
    searcher = Searcher(HashingEmbedder(), store, mode=mode)
    results = searcher.search(["free returns to Ireland", "a rope after a fall"], k=2)
    assert [_names(result)[0] for result in results] == ["returns-ireland", "ropes"]


def test_hits_say_their_rank_in_each_list(store: Store) -> None:
    query = ["parcels arrive"]
    hybrid = Searcher(HashingEmbedder(), store).search(query, k=4)[0]
    assert not isinstance(hybrid, Failure)
    assert dict(hybrid[0].ranks) == {"dense": 1, "lexical": 1}
    dense = Searcher(HashingEmbedder(), store, mode="dense").search(query, k=2)[0]
    assert not isinstance(dense, Failure)
    assert [dict(hit.ranks) for hit in dense] == [{"dense": 1}, {"dense": 2}]
    assert dense[0].score > dense[1].score


def test_a_bad_query_is_a_failure_in_its_place(store: Store) -> None:
    queries = cast(list[str], ["returns", "", None, "\ud83d", "ropes"])
    results = Searcher(HashingEmbedder(), store).search(queries, k=1)
    assert [isinstance(result, Failure) for result in results] == [False, True, True, True, False]
    assert {result.stage for result in results if isinstance(result, Failure)} == {"retrieve"}
    assert _names(results[4]) == ["ropes"]


class Picky(HashingEmbedder):
    """Cannot embed one text; counts its calls."""

    calls = 0

    def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]:
        self.calls += 1
        failure = Failure(stage="embed", error="RuntimeError", message="no")
        return [
            failure if text == "boom" else vector
            for text, vector in zip(texts, super().embed(texts, kind=kind), strict=True)
        ]


def test_a_query_that_cannot_be_embedded_fails_alone(store: Store) -> None:
    results = Searcher(Picky(), store).search(["returns", "boom", "ropes"], k=1)
    assert [isinstance(result, Failure) for result in results] == [False, True, False]
    assert _names(results[2]) == ["ropes"]


def test_all_queries_are_embedded_in_one_call(store: Store) -> None:
    embedder = Picky()
    Searcher(embedder, store).search(["returns", "ropes", "parcels"], k=1)
    assert embedder.calls == 1


def test_the_filter_holds(store: Store) -> None:
    where = Comparison(field="region", op="eq", value="uk")
    for mode in ("hybrid", "dense", "lexical"):
        result = Searcher(HashingEmbedder(), store, mode=mode).search(["returns in Ireland"], k=5, where=where)[0]
        assert _names(result) == ["returns-uk"]


def test_no_queries_give_no_results(store: Store) -> None:
    assert Searcher(HashingEmbedder(), store).search([], k=3) == []


def test_a_query_without_known_words_finds_nothing_by_words_and_something_by_vector(store: Store) -> None:
    assert Searcher(None, store, mode="lexical").search(["zzz"], k=3) == [[]]
    assert len(_names(Searcher(HashingEmbedder(), store).search(["zzz"], k=3)[0])) == 3


def test_more_hits_than_candidates_can_be_asked_for(store: Store) -> None:
    assert len(_names(Searcher(HashingEmbedder(), store, candidates=1).search(["returns"], k=4)[0])) == 4


def test_a_mode_without_its_embedder_or_of_another_name_is_a_sentence(store: Store) -> None:
    with pytest.raises(UsageError, match="'dense' needs an embedder"):
        Searcher(None, store, mode="dense")
    with pytest.raises(UsageError, match="Did you mean 'hybrid'"):
        Searcher(cast(Embedder, None), store, mode=cast(Mode, "hybird"))
