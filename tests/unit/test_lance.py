"""What is particular to LanceDB: its index, its errors, its commits."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="the extra 'lancedb' is not installed")

from openbook.core.errors import Busy, DiskFull, StoreError
from openbook.core.types import Chunk, Comparison
from openbook.retrieve.lance import LanceStore, _ours


def _chunks(first: int, number: int) -> list[Chunk]:
    texts = [f"common words and word{row}" for row in range(first, first + number)]
    return [
        Chunk(document=f"d{row // 20}", text=text, start=row, end=row + len(text), metadata={"row": row})
        for row, text in enumerate(texts, start=first)
    ]


def _vectors(number: int, dimension: int = 32) -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(number, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_vector_index_finds_nearly_all_that_comparing_everything_finds(tmp_path: Path) -> None:
    vectors = _vectors(2000)
    store = LanceStore(tmp_path, dimension=32, index_rows=1000)
    store.replace(_chunks(0, 2000), list(vectors))
    assert store._vector_index()
    exact = np.argsort(-(vectors[:50] @ vectors.T), axis=1)[:, :10]
    found = store.dense(list(vectors[:50]), k=10)
    shared = [
        len({hit.chunk.metadata["row"] for hit in hits} & set(row.tolist()))
        for hits, row in zip(found, exact, strict=True)
    ]
    assert np.mean(shared) >= 9.5
    where = Comparison(field="row", op="ge", value=1990)
    assert len(store.dense([vectors[0]], k=10, where=where)[0]) == 10


def test_rows_that_no_index_holds_yet_are_found(tmp_path: Path) -> None:
    vectors = _vectors(2020)
    store = LanceStore(tmp_path, dimension=32, index_rows=1000)
    store.replace(_chunks(0, 2000), list(vectors[:2000]))
    store.replace(_chunks(2000, 20), list(vectors[2000:]))
    assert store._unindexed() == 20
    assert store.lexical(["word2007"], k=1)[0][0].chunk.metadata["row"] == 2007
    assert store.dense([vectors[2007]], k=1)[0][0].chunk.metadata["row"] == 2007


def test_scores_do_not_depend_on_how_the_index_came_about(tmp_path: Path) -> None:
    chunks, vectors = _chunks(0, 200), _vectors(200)
    whole, grown = (LanceStore(tmp_path / name, dimension=32) for name in ("whole", "grown"))
    whole.replace(chunks, list(vectors))
    for first in range(0, 200, 40):
        grown.replace(chunks[first : first + 40], list(vectors[first : first + 40]))
    grown.replace(chunks[:20], list(vectors[:20]))
    queries = ["common word7", "word150 words", "word3"]
    assert grown.lexical(queries, k=20) == whole.lexical(queries, k=20)
    assert grown.dense(list(vectors[:5]), k=20) == whole.dense(list(vectors[:5]), k=20)


def test_a_replacement_is_one_commit_of_content(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, dimension=32)
    store.replace(_chunks(0, 40), list(_vectors(40)))
    store.replace(_chunks(0, 20), list(_vectors(20)), gone=["d1"])
    sizes = []
    for version in store._table.list_versions():
        store._table.checkout(version["version"])
        sizes.append(store._table.count_rows())
    assert [size for place, size in enumerate(sizes) if place == 0 or size != sizes[place - 1]] == [0, 40, 20]


def test_a_damaged_index_is_a_sentence_that_says_how_to_make_it_again(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, dimension=32)
    store.replace(_chunks(0, 40), list(_vectors(40)))
    for file in (tmp_path / "chunks.lance" / "_versions").glob("*.manifest"):
        file.write_bytes(b"garbage")
    with pytest.raises(StoreError, match="openbook ingest --rebuild") as error:
        LanceStore(tmp_path, dimension=32).documents()
    assert ".rs:" not in str(error.value)


def test_a_lost_data_file_is_a_sentence(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, dimension=32)
    store.replace(_chunks(0, 40), list(_vectors(40)))
    for file in (tmp_path / "chunks.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(StoreError, match="could not search"):
        LanceStore(tmp_path, dimension=32).dense([_vectors(1)[0]], k=3)


def test_a_full_disk_and_a_conflict_have_sentences_of_their_own(tmp_path: Path) -> None:
    full = _ours(OSError("LanceError(IO): No space left on device (os error 28)"), "write", tmp_path)
    assert isinstance(full, DiskFull)
    conflict = _ours(RuntimeError("lance error: Retryable commit conflict for version 7: …"), "write", tmp_path)
    assert isinstance(conflict, Busy)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="could not open"):
        LanceStore(tmp_path / "file" / "index", dimension=32)
