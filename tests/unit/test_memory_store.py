"""What is particular to the in-memory store: its file."""

from pathlib import Path

import pytest

from openbook.core.errors import StoreError
from openbook.core.types import Chunk
from openbook.retrieve.memory import FILE, MemoryStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    store = MemoryStore(tmp_path, dimension=2)
    store.replace([Chunk(document="a", text="one", start=0, end=3)], [[1.0, 0.0]])
    return tmp_path / FILE


@pytest.mark.parametrize("damage", [b"", b"garbage\n", b'{"dimension": 2}\n{"text": "one"}\n'])
def test_a_damaged_file_is_a_sentence(file: Path, damage: bytes) -> None:
    file.write_bytes(damage)
    with pytest.raises(StoreError, match="openbook ingest --rebuild"):
        MemoryStore(file.parent, dimension=2)


def test_a_file_cut_in_the_middle_is_a_sentence(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(StoreError, match="not a whole index file"):
        MemoryStore(file.parent, dimension=2)


def test_the_same_content_is_the_same_file_however_it_came_about(file: Path, tmp_path: Path) -> None:
    chunks = [Chunk(document=name, text="one", start=0, end=3) for name in "cab"]
    at_once, one_by_one = MemoryStore(tmp_path / "x", dimension=2), MemoryStore(tmp_path / "y", dimension=2)
    at_once.replace(chunks, [[1.0, 0.0]] * 3)
    for chunk in chunks:
        one_by_one.replace([chunk], [[1.0, 0.0]])
    assert (tmp_path / "x" / FILE).read_bytes() == (tmp_path / "y" / FILE).read_bytes()


def test_a_vector_that_is_not_finite_is_refused(file: Path) -> None:
    store = MemoryStore(file.parent, dimension=2)
    with pytest.raises(ValueError, match="NaN"):
        store.replace([Chunk(document="b", text="two", start=0, end=3)], [[float("nan"), 0.0]])
    assert store.documents() == {"a": 1}
