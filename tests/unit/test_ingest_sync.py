"""The index follows its files, whatever happens to them or to the process."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

import shared_data
from openbook.core.errors import IndexMismatch
from openbook.core.protocols import Progress, Vector, silent
from openbook.core.types import Chunk, Failure
from openbook.ingest.sources import Source, expand
from openbook.ingest.state import content_version, pending
from openbook.ingest.sync import SyncResult, sync
from openbook.retrieve.hashing import HashingEmbedder
from openbook.retrieve.memory import MemoryStore

SETTINGS = {"by": "section", "counter": "words"}


def words(text: str) -> int:
    return len(text.split())


class Project:
    """A folder of documents and its index."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "index"
        self.metadata: dict[str, str] = {}
        self.embedder: Any = HashingEmbedder()
        self.tokens = 40
        self.write("a.md", "# Returns\n\n## Window\n\n27 days.\n\n## Label\n\nFree.\n")
        self.write("b.md", "# Shipping\n\nTwo days.\n")

    def write(self, name: str, text: str, *, age: float = 60) -> Path:
        path = self.root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        past = time.time() - age
        os.utime(path, (past, past))
        return path

    def files(self) -> list[Any]:
        return expand([Source(glob="docs/**/*", metadata=self.metadata)], root=self.root)

    def store(self) -> MemoryStore:
        return MemoryStore(self.folder, dimension=self.embedder.dimension)

    def sync(self, *, store: Any = None, progress: Progress = silent) -> SyncResult:
        return sync(
            self.files(),
            store=store or self.store(),
            embedder=self.embedder,
            count=words,
            tokens=self.tokens,
            folder=self.folder,
            settings=SETTINGS,
            progress=progress,
        )

    def pending(self) -> bool:
        fingerprint = self.embedder.fingerprint
        return pending(self.files(), folder=self.folder, embedder=fingerprint, tokens=self.tokens, settings=SETTINGS)

    def texts(self) -> list[str]:
        hits = self.store().dense([[0.0] * self.embedder.dimension], k=1000)[0]
        return sorted(hit.chunk.text for hit in hits)


class CountingEmbedder(HashingEmbedder):
    """The hashing embedder; remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]:
        self.seen.extend(texts)
        return super().embed(texts, kind=kind)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_first_sync_adds_every_document(project: Project) -> None:
    assert project.pending()
    result = project.sync()
    assert result.added == ("a.md", "b.md")
    assert (result.changed, result.removed, result.unchanged, result.skipped) == ((), (), 0, {})
    assert result.chunks == 3
    assert project.texts() == ["27 days.", "Free.", "Two days."]
    assert set(result.seconds) == {"read", "embed", "write"}


def test_a_second_sync_embeds_nothing(project: Project) -> None:
    project.sync()
    project.embedder = CountingEmbedder()
    result = project.sync()
    assert (result.added, result.changed, result.unchanged) == ((), (), 2)
    assert project.embedder.seen == []
    assert not project.pending()


def test_an_unchanged_stat_is_believed_without_reading(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openbook.ingest.state.COARSEST_CLOCK_NS", -(10**12))
    project.sync()
    monkeypatch.setattr("openbook.ingest.state.file_sha256", lambda path: pytest.fail(f"{path} was read"))
    assert not project.pending()
    assert project.sync().unchanged == 2


def test_an_edit_of_equal_length_in_the_same_moment_is_noticed(project: Project) -> None:
    path = project.write("c.md", "The window is 27 days.", age=0)
    project.sync()
    stat = path.stat()
    path.write_text("The window is 30 days.")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert project.pending()
    assert project.sync().changed == ("c.md",)
    assert "The window is 30 days." in project.texts()


def test_only_what_was_edited_is_embedded_again(project: Project) -> None:
    project.sync()
    project.write("b.md", "# Shipping\n\nThree days.\n")
    project.embedder = CountingEmbedder()
    assert project.pending()
    result = project.sync()
    assert (result.changed, result.unchanged) == (("b.md",), 1)
    assert project.embedder.seen == ["Shipping\nThree days."]
    assert project.texts() == ["27 days.", "Free.", "Three days."]


def test_a_touched_file_is_unchanged(project: Project) -> None:
    project.sync()
    os.utime(project.root / "docs/a.md")
    assert not project.pending()
    assert project.sync().unchanged == 2


def test_a_deleted_file_leaves_the_index(project: Project) -> None:
    project.sync()
    (project.root / "docs/a.md").unlink()
    assert project.pending()
    assert project.sync().removed == ("a.md",)
    assert project.texts() == ["Two days."]
    assert not project.pending()


def test_new_metadata_of_a_source_reaches_the_chunks(project: Project) -> None:
    project.sync()
    project.metadata = {"region": "uk"}
    assert project.pending()
    assert project.sync().changed == ("a.md", "b.md")
    hits = project.store().dense([[0.0] * 256], k=9)[0]
    assert {hit.chunk.metadata["region"] for hit in hits} == {"uk"}


def test_a_bad_document_is_skipped_with_its_reason_and_stops_nothing(project: Project) -> None:
    project.write("empty.md", "---\ntitle: x\n---\n")
    project.write("image.md", "\0\1\2\3" * 99)
    project.write("slides.pdf", "%PDF")
    result = project.sync()
    assert result.added == ("a.md", "b.md")
    assert {name: failure.error for name, failure in result.skipped.items()} == {
        "empty.md": "empty",
        "image.md": "not_text",
        "slides.pdf": "unknown_format",
    }
    assert not project.pending()
    assert set(project.sync().skipped) == {"empty.md", "image.md", "slides.pdf"}


def test_a_document_that_became_empty_leaves_the_index_and_comes_back(project: Project) -> None:
    project.sync()
    project.write("b.md", "  ")
    result = project.sync()
    assert set(result.skipped) == {"b.md"}
    assert project.texts() == ["27 days.", "Free."]
    project.write("b.md", "Back.")
    assert project.sync().added == ("b.md",)
    assert project.texts() == ["27 days.", "Back.", "Free."]


def test_a_document_that_cannot_be_embedded_is_skipped_whole_and_tried_again_if_that_may_help(
    project: Project,
) -> None:
    class Flaky(HashingEmbedder):
        broken = True

        def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]:
            failure = Failure(stage="embed", error="Timeout", message="too slow", transient=True)
            vectors = super().embed(texts, kind=kind)
            bad = [self.broken and "Free" in text for text in texts]
            return [failure if is_bad else vector for is_bad, vector in zip(bad, vectors, strict=True)]

    project.embedder = Flaky()
    result = project.sync()
    assert (result.added, set(result.skipped)) == (("b.md",), {"a.md"})
    assert project.texts() == ["Two days."]
    assert project.pending()
    project.embedder.broken = False
    assert project.sync().added == ("a.md",)
    assert not project.pending()


def test_another_embedder_or_chunk_size_is_refused_with_the_way_out(project: Project) -> None:
    project.sync()
    project.tokens = 30
    for act in (project.pending, project.sync):
        with pytest.raises(IndexMismatch, match=r"tokens was 40, now 30.*openbook ingest --rebuild"):
            act()
    project.tokens = 40
    project.embedder.fingerprint = "another"
    with pytest.raises(IndexMismatch, match=r"the embedder 'hashing-.*', and now it is 'another'"):
        project.pending()


def test_the_content_version_depends_on_documents_settings_and_embedder_only(tmp_path: Path) -> None:
    first, second = Project(tmp_path / "one"), Project(tmp_path / "two")
    one = first.sync().content
    second.write("b.md", "draft")
    second.sync()
    second.write("b.md", "# Shipping\n\nTwo days.\n")
    assert second.sync().content == one == content_version(first.folder) == content_version(second.folder)
    second.write("b.md", "# Shipping\n\nTwo days!\n")
    assert second.sync().content != one
    third = Project(tmp_path / "three")
    third.tokens = 39
    assert third.sync().content != one


def test_a_folder_without_an_index_has_no_content_version(tmp_path: Path) -> None:
    assert content_version(tmp_path) is None


def test_a_store_that_lost_a_document_gets_it_back(project: Project) -> None:
    project.sync()
    project.store().replace([], [], gone=["a.md"])
    assert project.sync().added == ("a.md",)
    assert project.texts() == ["27 days.", "Free.", "Two days."]


def test_a_store_that_holds_a_stranger_loses_it(project: Project) -> None:
    project.sync()
    stranger = Chunk(document="old.md", text="Old.", start=0, end=4)
    project.store().replace([stranger], [[1.0] + [0.0] * 255])
    assert project.sync().removed == ("old.md",)
    assert project.texts() == ["27 days.", "Free.", "Two days."]


def test_a_lost_state_is_made_again_without_doubling_anything(project: Project) -> None:
    content = project.sync().content
    (project.folder / "state.json").unlink()
    result = project.sync()
    assert (result.changed, result.content) == (("a.md", "b.md"), content)
    assert project.texts() == ["27 days.", "Free.", "Two days."]


class Killed(BaseException):
    """Stands for the end of the process."""


def dying(store: MemoryStore, *, after_commit: bool, at: int) -> Any:
    """The store, ending the process at its n-th commit, just before or just after it."""
    original: Callable[..., None] = store.replace
    calls = iter(range(100))

    def replace(*args: Any, **kwargs: Any) -> None:
        last = next(calls) == at
        if last and not after_commit:
            raise Killed
        original(*args, **kwargs)
        if last:
            raise Killed

    store.replace = replace  # type: ignore[method-assign]
    return store


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_kill_before_or_after_a_commit_is_made_good_by_the_next_sync(
    project: Project, monkeypatch: pytest.MonkeyPatch, after_commit: bool, at: int
) -> None:
    monkeypatch.setattr("openbook.ingest.sync.BATCH_CHUNKS", 1)
    project.sync()
    (project.root / "docs/a.md").unlink()
    project.write("b.md", "Three days.")
    project.write("c.md", "Four days.")
    with pytest.raises(Killed):
        project.sync(store=dying(project.store(), after_commit=after_commit, at=at))
    assert content_version(project.folder) is None
    assert project.pending()
    result = project.sync()
    assert project.texts() == ["Four days.", "Three days."]
    assert not project.pending()
    assert result.content == content_version(project.folder)


def test_an_edit_taken_back_after_a_kill_does_not_leave_the_edit_in_the_index(project: Project) -> None:
    project.sync()
    project.write("b.md", "# Shipping\n\nNine days.\n")
    with pytest.raises(Killed):
        project.sync(store=dying(project.store(), after_commit=True, at=0))
    project.write("b.md", "# Shipping\n\nTwo days.\n")
    project.sync()
    assert project.texts() == ["27 days.", "Free.", "Two days."]


def test_kill_minus_nine_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for number in range(150):
        project.write(f"page-{number}.md", f"# Page {number}\n\n## A\n\nFact {number}.\n\n## B\n\nRule {number}.\n")
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        sys.path[:0] = [sys.argv[2], sys.argv[3]]
        import openbook.ingest.sync as ingest
        from test_ingest_sync import Project
        ingest.BATCH_CHUNKS, ingest.EMBED_CHUNKS = 4, 4
        project = Project(Path(sys.argv[1]))
        print("ready", flush=True)
        project.sync()
        print("done", flush=True)
    """)
    here = Path(__file__).parent
    interrupted = 0
    for wait in (0.02, 0.1, 0.3):
        command = [sys.executable, "-c", script, str(tmp_path), str(here), str(here.parent)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            interrupted += process.stdout.read() == ""
    assert interrupted
    result = project.sync()
    assert result.chunks == 303
    expected = [f"{word} {number}." for number in range(150) for word in ("Fact", "Rule")]
    assert project.texts() == sorted([*expected, "27 days.", "Free.", "Two days."])
    fresh = Project(tmp_path / "fresh")
    for path in (tmp_path / "docs").iterdir():
        fresh.write(path.name, path.read_text())
    assert fresh.sync().content == result.content


def test_progress_names_documents_and_reaches_the_total(project: Project) -> None:
    calls: list[tuple[int, int, str]] = []
    project.sync(progress=lambda done, total, what: calls.append((done, total, what)))
    assert calls[-1] == (2, 2, "b.md")
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)


def test_the_state_is_plain_json(project: Project) -> None:
    project.sync()
    state = json.loads((project.folder / "state.json").read_text())
    assert set(state) == {"schema", "embedder", "settings", "documents", "content"}
    assert state["documents"]["a.md"]["chunks"] == 2


def test_a_real_handbook_follows_from_one_version_to_the_next(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for version, expected in (("v1_2020-12-23", 135), ("v2_2025-02-27", 200)):
        for path in sorted((tmp_path / "docs").rglob("*.md")):
            path.unlink()
        with tarfile.open(shared_data.path(f"18f_handbook/docs_{version}.tar.gz")) as archive:
            archive.extractall(tmp_path / "docs", filter="data")
        project.tokens = 120
        result = project.sync()
        indexed = len(result.added) + len(result.changed) + result.unchanged
        assert indexed + len(result.skipped) == len(project.files())
        assert indexed >= expected
        assert {failure.error for failure in result.skipped.values()} == {"empty"}
        assert not project.pending()
