"""Headings, sections and chunks."""

import tarfile
from collections.abc import Iterator
from itertools import pairwise

import pytest

import shared_data
from openbook.core.types import Document
from openbook.ingest.sections import headings, sections, title
from openbook.ingest.split import split


def words(text: str) -> int:
    return len(text.split())


def doc(text: str, *, media: str = "text/markdown", title: str = "T") -> Document:
    return Document(name="a.md", text=text, title=title, media=media)


def outline(document: Document) -> list[tuple[str, str]]:
    return [(" / ".join(s.headings), document.text[s.start : s.end]) for s in sections(document)]


def test_sections_carry_the_path_of_their_headings() -> None:
    text = "# T\n\nIntro.\n\n## A\n\nOne.\n\n### B\n\nTwo.\n\n## C\n\nThree.\n"
    assert outline(doc(text)) == [("T", "Intro."), ("T / A", "One."), ("T / A / B", "Two."), ("T / C", "Three.")]


def test_the_title_heads_the_path_once_even_if_no_heading_says_it() -> None:
    assert outline(doc("## A\n\nOne.\n", title="File")) == [("File / A", "One.")]


def test_setext_headings_count_and_a_table_or_rule_does_not() -> None:
    text = "T\n=\n\nIntro.\n\nPart\n----\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\nEnd.\n"
    assert outline(doc(text)) == [("T", "Intro."), ("T / Part", "| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\nEnd.")]


def test_hashes_in_code_lists_and_quotes_are_not_headings() -> None:
    text = "# T\n\n```sh\n# not this\n```\n\n~~~\n## nor this\n~~~\n\n    # nor that\n\n- # item\n\n> # quote\n"
    assert [found.text for found in headings(text, media="text/markdown")] == ["T"]


def test_front_matter_is_in_no_section() -> None:
    text = "---\ntitle: T\nlist:\n  - a\n---\n\nIntro.\n\n## A\n\nOne.\n"
    assert outline(doc(text)) == [("T", "Intro."), ("T / A", "One.")]


def test_markup_in_headings_is_left_out_of_the_path() -> None:
    text = "## The `code` in **bold**, a [link](http://x) &amp; more {#anchor}\n\nText.\n"
    assert outline(doc(text)) == [("T / The code in bold, a link & more", "Text.")]


def test_a_heading_with_nothing_below_it_is_a_section_of_its_own() -> None:
    text = "# T\n\n## Call 555 0199\n\n## B\n\n### C\n\nText.\n"
    assert outline(doc(text)) == [("T", "## Call 555 0199"), ("T / B / C", "Text.")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_gives_the_same_sections(end: str) -> None:
    text = "# T\n\nIntro\u2028still.\x0bhere\n\n## A\n\nOne.\n".replace("\n", end)
    assert outline(doc(text)) == [("T", "Intro\u2028still.\x0bhere"), ("T / A", "One.")]


def test_plain_text_has_headings_where_they_are_unmistakable() -> None:
    text = (
        "Staff handbook\n==============\n\nWelcome.\n\n1. Leave\n\nText on leave.\n\n1.2 Sick leave\n\nCall in.\n\n"
        "TRAVEL COSTS\n\nKeep receipts.\n"
    )
    assert outline(doc(text, media="text/plain", title="Staff handbook")) == [
        ("Staff handbook", "Welcome."),
        ("Staff handbook / 1. Leave", "Text on leave."),
        ("Staff handbook / 1. Leave / 1.2 Sick leave", "Call in."),
        ("Staff handbook / TRAVEL COSTS", "Keep receipts."),
    ]


def test_plain_prose_lists_and_shouting_have_no_headings() -> None:
    text = "1. Buy milk\n\n2. Buy bread\n\n3. Go home\n\nHe said: STOP!\n\nSTOP RIGHT THERE.\n\nA dash\nin - text\n"
    assert headings(text, media="text/plain") == []


def test_a_small_section_is_one_chunk_and_neighbours_stay_apart() -> None:
    document = doc("# T\n\n## A\n\nOne.\n\n## B\n\nTwo.\n")
    assert [chunk.text for chunk in split(document, tokens=100, count=words)] == ["One.", "Two."]


def test_a_large_section_is_cut_within_its_budget_at_the_largest_boundary() -> None:
    document = doc("# T\n\n" + "\n\n".join(f"Paragraph {n} has six words here." for n in range(5)))
    chunks = split(document, tokens=13, count=words)
    assert [chunk.text.count("Paragraph") for chunk in chunks] == [2, 2, 1]
    assert all(chunk.headings == ("T",) for chunk in chunks)


def test_a_table_that_fits_is_not_torn_apart() -> None:
    table = "| region | days |\n|---|---|\n| UK | 27 |\n| Ireland | 24 |"
    document = doc(
        f"# T\n\nSome words before the table, so that it does not fit beside them.\n\n{table}\n\nAfter it.\n"
    )
    assert any(table in chunk.text for chunk in split(document, tokens=20, count=words))


def test_chunks_carry_the_documents_name_and_metadata() -> None:
    document = Document(name="uk/a.md", text="Text.", title="A", metadata={"region": "uk"}, media="text/markdown")
    (chunk,) = split(document, tokens=9, count=words)
    assert (chunk.document, chunk.metadata, chunk.headings) == ("uk/a.md", {"region": "uk"}, ("A",))


def handbook() -> Iterator[Document]:
    with tarfile.open(shared_data.path("18f_handbook/docs_v1_2020-12-23.tar.gz")) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file and member.name.endswith(".md"):
                text = file.read().decode()
                draft = Document(name=member.name, text=text, title="", media="text/markdown")
                yield Document(name=member.name, text=text, title=title(draft), media="text/markdown")


def test_a_real_handbook_is_cut_exactly_within_its_budget_and_without_loss() -> None:
    documents = list(handbook())
    assert len(documents) == 145
    for document in documents:
        chunks = split(document, tokens=120, count=words)
        assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
        assert all(0 < words(chunk.text) <= 120 for chunk in chunks)
        assert all(one.end <= two.start for one, two in pairwise(chunks))
        kept = sum(words(chunk.text) for chunk in chunks)
        inside = sum(words(document.text[s.start : s.end]) for s in sections(document))
        assert kept >= inside
    stubs = [document for document in documents if not sections(document)]
    assert len(stubs) == 10
    assert all(document.text.startswith("---") and document.text.count("\n---") == 1 for document in stubs)


def test_real_prose_has_its_chapter_heading() -> None:
    text = shared_data.path("documents/prose.txt").read_text()
    assert [found.text for found in headings(text, media="text/plain")] == ["CHAPTER I"]
