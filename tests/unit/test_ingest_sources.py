"""Globs to files, bytes to text, files to documents."""

from pathlib import Path

import pytest

import shared_data
from openbook.core.errors import ConfigError
from openbook.core.types import Document, Failure
from openbook.ingest.decode import declared_encoding, decode
from openbook.ingest.readers import read
from openbook.ingest.sources import Source, expand


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\nText.\n")


def names(root: Path, *globs: str) -> list[str]:
    return [file.name for file in expand([Source(glob=glob) for glob in globs], root=root)]


def document(path: Path, name: str = "") -> Document:
    found = read(path, name or path.name, {})
    assert isinstance(found, Document), found
    return found


def test_names_are_paths_below_the_globs_fixed_folders_and_sorted(tmp_path: Path) -> None:
    put(tmp_path, "docs/policies/uk/returns.md", "docs/policies/about.md", "docs/other.txt")
    assert names(tmp_path, "docs/policies/**/*.md") == ["about.md", "uk/returns.md"]
    assert names(tmp_path, "docs/*/about.md") == ["policies/about.md"]
    assert names(tmp_path, "docs/other.txt", "docs/policies/**/*.md") == ["about.md", "other.txt", "uk/returns.md"]


def test_a_folder_stands_for_all_readable_files_below_it(tmp_path: Path) -> None:
    put(tmp_path, "docs/a.md", "docs/deep/b.HTML", "docs/c.bin")
    assert names(tmp_path, "docs") == ["a.md", "deep/b.HTML"]
    assert names(tmp_path, str(tmp_path / "docs")) == ["a.md", "deep/b.HTML"]


def test_a_glob_above_the_project_works(tmp_path: Path) -> None:
    put(tmp_path, "docs/a.md", "project/openbook.md")
    assert names(tmp_path / "project", "../docs/*.md") == ["a.md"]


def test_metadata_of_a_source_is_on_each_of_its_files(tmp_path: Path) -> None:
    put(tmp_path, "uk/a.md")
    (file,) = expand([Source(glob="uk/*.md", metadata={"region": "uk"})], root=tmp_path)
    assert file.metadata == {"region": "uk"}


def test_a_glob_that_matches_nothing_says_why(tmp_path: Path) -> None:
    put(tmp_path, "docs/a.md")
    with pytest.raises(ConfigError, match=r"'docs/\*.txt' matches nothing: no file in '.*docs' fits"):
        expand([Source(glob="docs/*.txt")], root=tmp_path)
    with pytest.raises(ConfigError, match=r"there is no folder '.*dcos'"):
        expand([Source(glob="dcos/**/*.md")], root=tmp_path)


def test_sources_with_a_file_of_one_name_are_named_below_the_folder_that_they_share(tmp_path: Path) -> None:
    put(tmp_path, "hb/uk/returns.md", "hb/ireland/returns.md", "hb/ireland/dogs.md", "notes/a.md")
    expected = ["a.md", "ireland/dogs.md", "ireland/returns.md", "uk/returns.md"]
    assert names(tmp_path, "hb/uk/*.md", "hb/ireland/*.md", "notes/*.md") == expected
    assert names(tmp_path, "notes", "hb/ireland", str(tmp_path / "hb/uk")) == expected
    (tmp_path / "project").mkdir()
    above = ["../hb/uk/*.md", "../hb/ireland/*.md", "../notes/*.md"]
    assert names(tmp_path / "project", *above) == expected


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "hb/uk/returns.md", "hb/ireland/returns.md", "old/uk/returns.md")
    with pytest.raises(ConfigError, match=r"both be named 'uk/returns.md'.*hb/uk.*old/uk"):
        names(tmp_path, "hb/uk/*.md", "hb/ireland/*.md", "old/**/*.md")


def test_a_file_of_two_sources_is_refused_unless_they_agree(tmp_path: Path) -> None:
    put(tmp_path, "docs/uk/a.md")
    assert names(tmp_path, "docs/**/*.md", "docs/*/a.md") == ["uk/a.md"]
    with pytest.raises(ConfigError, match=r"two sources, with the names 'uk/a.md' and 'a.md'"):
        names(tmp_path, "docs/**/*.md", "docs/uk/*.md")
    with pytest.raises(ConfigError, match="two sources, with other metadata"):
        expand([Source(glob="docs/**/*.md"), Source(glob="docs/**/*.md", metadata={"x": 1})], root=tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_a_mark_or_in_utf8_is_decoded_without_a_guess(encoding: str) -> None:
    decoded = decode("Köstlich – 15,50 €\r\n".encode(encoding))
    assert decoded is not None
    assert decoded.text == "Köstlich – 15,50 €\r\n"
    assert not decoded.guessed


def test_a_declared_encoding_comes_before_utf8() -> None:
    data = b'<meta charset="iso-8859-7">' + "Ω".encode("iso-8859-7")
    decoded = decode(data, declared=declared_encoding(data))
    assert decoded is not None
    assert decoded.text.endswith("Ω")


def test_a_false_or_unknown_declaration_is_passed_over() -> None:
    for declared in ("us-ascii", "no-such-code"):
        decoded = decode("é".encode(), declared=declared)
        assert decoded is not None
        assert decoded.text == "é"


def test_bytes_that_are_not_utf8_are_taken_for_windows_1252_and_marked_as_a_guess() -> None:
    decoded = decode(b"caf\xe9 \x80 5")
    assert decoded is not None
    assert (decoded.text, decoded.encoding, decoded.guessed) == ("café € 5", "cp1252", True)


def test_utf16_without_a_mark_is_recognised() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        decoded = decode("plain words".encode(encoding))
        assert decoded is not None
        assert (decoded.text, decoded.guessed) == ("plain words", True)


def test_a_binary_file_is_not_text() -> None:
    assert decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\xff\xd8") is None
    assert decode(bytes(range(1, 32)) * 20 + b"\xff") is None


def test_a_documents_text_is_the_files_text_character_for_character(tmp_path: Path) -> None:
    text = "# A\r\n\r\nOne\ttwo \r\nthree\u2028four\r\n"
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert document(tmp_path / "a.md").text == text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: 'Paid leave'\ntags:\n  - hr\n---\n\n# Other\n\nText.\n", "Paid leave"),
        ("# Returns in the *UK* #\n\n## Window\n\nText.\n", "Returns in the UK"),
        ("Intro.\n\nReturns\n=======\n\nText.\n", "Returns"),
        ("## One\n\na\n\n## Two\n\nb\n", "leave"),
        ("Just text.\n", "leave"),
        ("---\n\ntitle: not front matter\n\n---\n", "leave"),
    ],
)
def test_the_title_is_front_matter_or_the_heading_over_all_or_the_files_stem(
    tmp_path: Path, text: str, title: str
) -> None:
    (tmp_path / "leave.md").write_text(text)
    assert document(tmp_path / "leave.md", "hr/leave.md").title == title


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.md", b" \n\t\n", "empty"),
        ("a.html", b"<html><script>var a = 1</script></html>", "empty"),
        ("a.txt", b"\0\1\2\xff\xfe\xfd" * 9, "not_text"),
        ("a.pdf", b"%PDF", "unknown_format"),
        ("README", b"text", "unknown_format"),
        ("deep.html", b"<div>" * 5000 + b"x", "damaged"),
    ],
)
def test_a_file_without_usable_text_is_a_failure_that_names_it(
    tmp_path: Path, name: str, data: bytes, error: str
) -> None:
    (tmp_path / name).write_bytes(data)
    found = read(tmp_path / name, name, {})
    assert isinstance(found, Failure)
    assert (found.stage, found.error) == ("read", error)
    assert found.message.endswith(".")
    assert not found.message.endswith("..")
    assert repr(name) in found.message


def test_a_missing_file_is_a_failure(tmp_path: Path) -> None:
    found = read(tmp_path / "gone.md", "gone.md", {})
    assert isinstance(found, Failure)
    assert (found.error, found.transient) == ("unreadable", False)


def test_html_becomes_markdown_without_navigation_scripts_and_link_targets(tmp_path: Path) -> None:
    page = (
        "<title>Shop &amp; more</title><nav>Menu</nav><h1>Returns</h1><p>See <a href='/x'>our shop</a>.</p>"
        "<script>track()</script><h2>Window</h2><table><tr><th>Region</th><th>Days</th></tr>"
        "<tr><td>UK</td><td>27</td></tr></table><footer>Imprint</footer>"
    )
    (tmp_path / "a.html").write_text(page)
    found = document(tmp_path / "a.html")
    assert found.title == "Returns"
    assert found.media == "text/html"
    assert "See our shop." in found.text
    assert "## Window" in found.text
    assert "| UK | 27 |" in found.text
    assert not any(word in found.text for word in ("Menu", "track", "/x", "Imprint"))


def test_html_without_one_h1_is_titled_by_its_title_element(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<TITLE lang=en>Shop &amp;\n more</TITLE><h2>A</h2><p>x</p>")
    assert document(tmp_path / "a.html").title == "Shop & more"


def test_a_wikipedia_page_keeps_its_headings_and_article() -> None:
    found = document(shared_data.path("documents/wiki_duck.html"))
    assert found.title == "Duck"
    for part in ("## Etymology", "### Domestication", "waterfowl in the family Anatidae"):
        assert part in found.text


def test_a_windows_1252_page_without_declaration_is_read_and_its_guess_recorded() -> None:
    found = document(shared_data.path("documents/cp1252.html"))
    assert "Das war köstlich!" in found.text
    assert found.metadata["encoding"] == "cp1252"


def test_a_utf16_text_is_read() -> None:
    found = document(shared_data.path("documents/utf16.txt"))
    assert found.text.startswith("This is a test document")
    assert "encoding" not in found.metadata
