"""What every store must do. Subclass, name the store, and pytest runs the rest:

class TestMine(StoreConformance):
    target = "mypackage.mystore:MyStore"
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pytest

from openbook.core.errors import IndexMismatch
from openbook.core.protocols import Store, Vector
from openbook.core.registry import import_attribute
from openbook.core.types import Both, Chunk, Comparison, Either, Filter, Hit, Not, Scalar

DIMENSION = 8


class StoreConformance:
    """The suite. A store that takes more than folder and dimension overrides `open`."""

    target: ClassVar[str]
    """`"module:Class"` of the store."""

    kills: ClassVar[int] = 3
    """How many times a writing process is killed."""

    def open(self, folder: Path, *, dimension: int = DIMENSION) -> Store:
        store: Store = import_attribute(self.target)(folder, dimension=dimension)
        return store

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.open(tmp_path / "index")

    def test_it_fulfils_the_protocol(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_a_new_store_is_empty_and_finds_nothing(self, store: Store) -> None:
        assert store.documents() == {}
        assert store.dense([axis(0)], k=3) == [[]]
        assert store.lexical(["parcel"], k=3) == [[]]

    def test_no_queries_give_no_lists(self, store: Store) -> None:
        fill(store, [piece("a", "parcel")])
        assert store.dense([], k=3) == []
        assert store.lexical([], k=3) == []

    def test_dense_search_returns_the_best_hit_first(self, store: Store) -> None:
        fill(store, [piece("a", "one"), piece("b", "two"), piece("c", "three")])
        hits = store.dense([mix(1, 0, share=0.9)], k=2)[0]
        assert names(hits) == ["b", "a"]
        assert hits[0].score == pytest.approx(0.9, abs=1e-3)
        assert hits[0].score > hits[1].score

    def test_lexical_search_returns_the_best_hit_first_and_only_texts_with_a_word_of_the_query(
        self, store: Store
    ) -> None:
        fill(store, [piece("a", "returns by post"), piece("b", "opening hours"), piece("c", "returns of ropes")])
        hits = store.lexical(["rope returns"], k=5)[0]
        assert names(hits) == ["c", "a"]
        assert hits[0].score > hits[1].score > 0

    def test_lexical_search_finds_words_in_another_form_or_case(self, store: Store) -> None:
        fill(store, [piece("a", "Refunds are delayed"), piece("b", "opening hours")])
        assert names(store.lexical(["refund DELAY"], k=5)[0]) == ["a"]

    def test_headings_are_searched_too(self, store: Store) -> None:
        fill(store, [piece("a", "Within 27 days.", headings=("Returns", "Ireland")), piece("b", "Within 5 days.")])
        assert names(store.lexical(["ireland"], k=5)[0]) == ["a"]

    @pytest.mark.parametrize("query", ["!?", "…", "the", '"AND (', "field:parcel^2 OR", "par*", "zzz"])
    def test_a_query_is_words_and_never_syntax(self, store: Store, query: str) -> None:
        fill(store, [piece("a", "parcel and letter"), piece("b", "hours")])
        found = store.lexical([query], k=5)
        assert names(found[0]) == (["a"] if "parcel" in query else [])

    def test_batches_answer_in_order_and_as_single_queries_do(self, store: Store) -> None:
        fill(store, [piece(str(number), f"word{number} shared") for number in range(8)])
        vectors = [axis(number) for number in (5, 0, 3)]
        assert [names(hits)[0] for hits in store.dense(vectors, k=2)] == ["5", "0", "3"]
        assert store.dense(vectors, k=4) == [store.dense([vector], k=4)[0] for vector in vectors]
        queries = ["word6 shared", "nothing", "word1"]
        assert store.lexical(queries, k=4) == [store.lexical([query], k=4)[0] for query in queries]

    def test_equal_scores_stand_in_the_order_of_documents_and_places(self, store: Store) -> None:
        twins = [piece(name, "same words", start=start) for name in "bzyxwvutsrqponmlkjihgfedca" for start in (40, 0)]
        store.replace(twins[:30], [axis(0)] * 30)
        store.replace(twins[30:], [axis(0)] * (len(twins) - 30))
        expected = [("a", 0), ("a", 40), ("b", 0), ("b", 40)]
        for hits in (store.dense([axis(0)], k=4)[0], store.lexical(["same words"], k=4)[0]):
            assert [(hit.chunk.document, hit.chunk.start) for hit in hits] == expected

    def test_chunks_come_back_exactly_as_they_went_in(self, store: Store) -> None:
        chunk = Chunk(
            document="policies/Rückgabe – 'neu'.md",
            text='  "Größe" 👋\n\ttable | cell\r\n東京 \u2028 end ',
            start=12,
            end=12 + 36,
            headings=("Über uns", "a › b", ""),
            metadata={"region": "uk", "year": 2024, "ratio": 0.1, "public": True, "draft": False, "n": 1, "f": 1.0},
        )
        store.replace([chunk], [axis(2)])
        for hits in (store.dense([axis(2)], k=1)[0], store.lexical(["große"], k=1)[0]):
            assert hits[0].chunk == chunk
            assert [type(value) for value in hits[0].chunk.metadata.values()].count(bool) == 2
            assert type(hits[0].chunk.metadata["n"]) is int
            assert hits[0].chunk.id == chunk.id

    def test_replacing_a_document_leaves_nothing_of_its_old_chunks(self, store: Store) -> None:
        fill(store, [piece("a", "old one"), piece("a", "old two", start=50), piece("b", "old three")])
        fill(store, [piece("a", "new one")])
        assert store.documents() == {"a": 1, "b": 1}
        assert texts(store) == {"new one", "old three"}
        assert names(store.lexical(["old"], k=5)[0]) == ["b"]
        assert names(store.lexical(["new"], k=5)[0]) == ["a"]

    def test_gone_documents_leave_with_or_without_new_ones(self, store: Store) -> None:
        fill(store, [piece("a", "one"), piece("b", "two"), piece("c", "three")])
        store.replace([piece("d", "four")], [axis(3)], gone=["a", "never there"])
        assert store.documents() == {"b": 1, "c": 1, "d": 1}
        store.replace([], [], gone=["b", "d"])
        assert store.documents() == {"c": 1}
        assert texts(store) == {"three"}

    def test_replacing_nothing_changes_nothing(self, store: Store) -> None:
        fill(store, [piece("a", "one")])
        store.replace([], [])
        store.replace([], [], gone=["never there"])
        assert store.documents() == {"a": 1}

    def test_a_chunk_given_twice_is_stored_once(self, store: Store) -> None:
        fill(store, [piece("a", "one"), piece("a", "one")])
        fill(store, [piece("a", "one"), piece("b", "two"), piece("b", "two")])
        assert store.documents() == {"a": 1, "b": 1}

    def test_the_same_chunk_with_another_vector_is_found_by_the_new_one(self, store: Store) -> None:
        store.replace([piece("a", "one")], [axis(0)])
        store.replace([piece("a", "one")], [axis(1)])
        assert store.dense([axis(1)], k=5)[0][0].score == pytest.approx(1.0, abs=1e-3)
        assert store.documents() == {"a": 1}

    def test_filters_hold_before_ranking(self, store: Store) -> None:
        secret = [piece(f"secret{number}", "salary salary", level=9) for number in range(60)]
        public = [piece("public", "one word on salary among many other words", level=1)]
        store.replace([*secret, *public], [axis(0)] * 60 + [mix(1, 0, share=0.99)])
        where = Comparison(field="level", op="lt", value=5)
        assert names(store.dense([axis(0)], k=1, where=where)[0]) == ["public"]
        assert names(store.lexical(["salary"], k=1, where=where)[0]) == ["public"]

    def test_filters_mean_what_they_say(self, store: Store) -> None:
        fill(store, FILTERED)
        for where, expected in FILTERS:
            assert "".join(sorted(names(store.dense([axis(0)], k=20, where=where)[0]))) == expected, where
            assert "".join(sorted(names(store.lexical(["text"], k=20, where=where)[0]))) == expected, where

    @pytest.mark.parametrize(
        "value", ["it's", "' OR 1=1 --", "\\", "a\\'b", '"', "%", "_", "é", "e\u0301", "", " ", "\n", "ß"]
    )
    def test_filter_values_are_never_code(self, store: Store, value: str) -> None:
        fill(store, [piece("a", "text", tag=value), piece("b", "text", tag=value + "x")])
        where = Comparison(field="tag", op="eq", value=value)
        assert names(store.dense([axis(0)], k=5, where=where)[0]) == ["a"]
        assert names(store.dense([axis(0)], k=5, where=Not(part=where))[0]) == ["b"]

    def test_keys_of_any_spelling_are_kept_apart(self, store: Store) -> None:
        keys = ["a b", "a_b", "a.b", "A_b", "a-b", "größe", "`", "vector", "text", "select", "id"]
        fill(store, [replace(piece(str(place), "text"), metadata={key: "yes"}) for place, key in enumerate(keys)])
        for place, key in enumerate(keys):
            where = Comparison(field=key, op="eq", value="yes")
            assert names(store.dense([axis(0)], k=20, where=where)[0]) == [str(place)]

    def test_two_thousand_chunks_are_all_found(self, store: Store) -> None:
        vectors = directions(2000)
        chunks = [piece(f"d{row // 10}", f"common unique{row}", start=row, row=row) for row in range(2000)]
        store.replace(chunks, vectors)
        assert sum(store.documents().values()) == 2000
        sample = range(0, 2000, 199)
        dense = store.dense([vectors[row] for row in sample], k=3)
        assert [hits[0].chunk.metadata["row"] for hits in dense] == list(sample)
        lexical = store.lexical([f"unique{row}" for row in sample], k=3)
        assert [[hit.chunk.metadata["row"] for hit in hits] for hits in lexical] == [[row] for row in sample]
        assert len(store.dense([vectors[0]], k=500)[0]) == 500

    def test_what_was_written_is_there_after_reopening(self, store: Store, tmp_path: Path) -> None:
        fill(store, FILTERED)
        before = (store.documents(), store.dense([axis(0)], k=5), store.lexical(["text"], k=5))
        store.close()
        again = self.open(tmp_path / "index")
        assert (again.documents(), again.dense([axis(0)], k=5), again.lexical(["text"], k=5)) == before

    def test_another_handle_sees_a_write_at_once(self, store: Store, tmp_path: Path) -> None:
        other = self.open(tmp_path / "index")
        fill(store, [piece("a", "first text", tag="x")])
        assert names(other.lexical(["first"], k=5, where=Comparison(field="tag", op="eq", value="x"))[0]) == ["a"]
        fill(other, [piece("b", "second text", other="y")])
        assert names(store.lexical(["second"], k=5, where=Comparison(field="other", op="eq", value="y"))[0]) == ["b"]
        other.replace([], [], gone=["a"])
        assert store.documents() == {"b": 1}
        assert names(store.dense([axis(0)], k=5)[0]) == ["b"]

    def test_vectors_of_another_length_are_refused(self, store: Store, tmp_path: Path) -> None:
        fill(store, [piece("a", "one")])
        with pytest.raises(IndexMismatch, match="another embedder"):
            store.replace([piece("b", "two")], [[1.0] * (DIMENSION + 1)])
        with pytest.raises(IndexMismatch, match="another embedder"):
            store.dense([[1.0] * (DIMENSION + 1)], k=1)
        with pytest.raises(IndexMismatch, match="another embedder"):
            self.open(tmp_path / "index", dimension=DIMENSION + 1)
        assert store.documents() == {"a": 1}

    def test_a_kill_in_the_middle_of_a_replacement_leaves_the_old_content_or_the_new(self, tmp_path: Path) -> None:
        folder, dice, version = tmp_path / "index", random.Random(0), 0
        for _ in range(self.kills):
            reported = _write_and_kill(self.target, folder, version, dice)
            store = self.open(folder)
            hits = store.dense([axis(0)], k=1000)[0]
            found = {int(hit.chunk.metadata["version"]) for hit in hits}
            assert len(found) == 1
            version = found.pop()
            assert version >= reported
            assert {hit.chunk.id for hit in hits} == {chunk.id for chunk in content(version)}
            assert sorted(hit.chunk.id for hit in hits) == sorted(
                hit.chunk.id for hit in store.lexical([f"version{version}"], k=1000)[0]
            )
            version += 1


def piece(document: str, text: str, *, start: int = 0, headings: tuple[str, ...] = (), **metadata: Scalar) -> Chunk:
    """A chunk."""
    return Chunk(document=document, text=text, start=start, end=start + len(text), headings=headings, metadata=metadata)


def axis(number: int) -> Vector:
    """The unit vector along one axis."""
    return cast(Vector, np.eye(DIMENSION, dtype=np.float32)[number])


def mix(first: int, second: int, *, share: float) -> Vector:
    """A unit vector whose cosine with the first axis is `share`; the rest lies along the second."""
    return cast(Vector, share * np.asarray(axis(first)) + (1 - share**2) ** 0.5 * np.asarray(axis(second)))


def directions(number: int) -> list[Vector]:
    """That many different unit vectors, always the same."""
    vectors = np.random.default_rng(0).normal(size=(number, DIMENSION)).astype(np.float32)
    return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def fill(store: Store, chunks: Sequence[Chunk]) -> None:
    """Store chunks under vectors along the axes, in turn."""
    store.replace(chunks, [axis(place % DIMENSION) for place in range(len(chunks))])


def names(hits: Sequence[Hit]) -> list[str]:
    """The hits' documents."""
    return [hit.chunk.document for hit in hits]


def texts(store: Store) -> set[str]:
    """All texts in a small store."""
    return {hit.chunk.text for hit in store.dense([axis(0)], k=100)[0]}


def _is(field: str, op: str, value: Scalar | tuple[Scalar, ...]) -> Comparison:
    return Comparison(field=field, op=op, value=value)  # type: ignore[arg-type]


FILTERED = [
    piece("a", "text", region="uk", year=2019, open=True),
    piece("b", "text", region="ireland", year=2021, open=False),
    piece("c", "text", region="uk", year=2021.5),
    piece("d", "text", year="2021", open="yes"),
    piece("e", "text"),
]

FILTERS: list[tuple[Filter, str]] = [
    (_is("region", "eq", "uk"), "ac"),
    (_is("region", "ne", "uk"), "bde"),
    (_is("region", "in", ("uk", "ireland")), "abc"),
    (_is("region", "in", ()), ""),
    (_is("region", "gt", "ireland"), "ac"),
    (_is("year", "eq", 2021), "b"),
    (_is("year", "eq", 2021.0), "b"),
    (_is("year", "eq", "2021"), "d"),
    (_is("year", "ge", 2021), "bc"),
    (_is("year", "lt", 2021), "a"),
    (_is("year", "le", "3"), "d"),
    (_is("year", "in", (2019, "2021")), "ad"),
    (_is("year", "ne", 2019), "bcde"),
    (_is("open", "eq", True), "a"),
    (_is("open", "eq", 1), ""),
    (_is("open", "ne", False), "acde"),
    (_is("open", "ge", False), ""),
    (_is("missing", "eq", "x"), ""),
    (_is("missing", "ne", "x"), "abcde"),
    (_is("document", "in", ("a", "e")), "ae"),
    (_is("document", "ne", "a"), "bcde"),
    (_is("document", "eq", 1), ""),
    (Not(part=_is("year", "ge", 2021)), "ade"),
    (Not(part=_is("region", "in", ("uk",))), "bde"),
    (Both(parts=()), "abcde"),
    (Either(parts=()), ""),
    (Not(part=Either(parts=())), "abcde"),
    (Both(parts=(_is("region", "eq", "uk"), _is("year", "gt", 2020))), "c"),
    (Either(parts=(_is("region", "eq", "ireland"), Not(part=_is("year", "ne", 2019)))), "ab"),
]
"""Filters, and the documents of `FILTERED` that pass them."""


def content(version: int) -> list[Chunk]:
    """One version of a small collection; every version edits all documents, adds one and drops one."""
    documents = [f"d{number}" for number in (*range(8), 8 + version % 5)]
    text = f"version{version} "
    return [
        piece(document, text * 20, start=place * 300, version=version) for document in documents for place in range(5)
    ]


def write_forever(target: str, folder: str, version: int) -> None:
    """Replace version by version and print the number of each that was written, until killed."""
    store: Store = import_attribute(target)(Path(folder), dimension=DIMENSION)
    while True:
        chunks = content(version)
        gone = sorted(store.documents().keys() - {chunk.document for chunk in chunks})
        store.replace(chunks, directions(len(chunks)), gone=gone)
        print(version, flush=True)
        version += 1


def _write_and_kill(target: str, folder: Path, version: int, dice: random.Random) -> int:
    """Start a writing process, kill it at a random moment, and return the last version that it reported."""
    program = f"from openbook.testing.store import write_forever; write_forever({target!r}, {str(folder)!r}, {version})"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    started = process.stdout.readline()
    seconds = time.perf_counter()
    started = process.stdout.readline() or started
    seconds = time.perf_counter() - seconds
    time.sleep(dice.uniform(0, 2 * seconds))
    process.kill()
    rest = process.communicate()[0].split("\n")[:-1]
    assert process.returncode == -signal.SIGKILL, "the writer ended before it was killed"
    return int([started, *rest][-1])
