"""What holds for every document: exact offsets, no crossing of headings, no word lost."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from openbook.core.types import Document
from openbook.ingest.decode import decode
from openbook.ingest.near import near_duplicates, trigrams
from openbook.ingest.sections import headings, sections
from openbook.ingest.split import split

WORDS = st.sampled_from(
    ["tent", "27", "días", "😀", "e\u0301", "Straße", "#", "a_b", "日本語", "\u200d", "—", "`x`", "|"]
)
LINES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join),
    st.tuples(st.integers(1, 6), st.lists(WORDS, max_size=3)).map(lambda pair: f"{'#' * pair[0]} {' '.join(pair[1])}"),
    st.sampled_from(
        ["", "", "```", "~~~", "===", "---", "- item", "> quote", "    code", "| a | b |", "|---|---|", "\t"]
    ),
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXTS = st.lists(st.tuples(LINES, ENDS), max_size=40).map(lambda pairs: "".join(line + end for line, end in pairs))
MEDIA = st.sampled_from(["text/markdown", "text/plain", "text/html"])


def count(text: str) -> int:
    return len(re.findall(r"\S", text))


def document(text: str, media: str) -> Document:
    return Document(name="a.md", text=text, title="Title", media=media)


@settings(max_examples=120, deadline=None)
@given(text=TEXTS, media=MEDIA, tokens=st.integers(4, 60))
def test_chunks_are_exact_within_budget_in_order_and_lose_nothing(text: str, media: str, tokens: int) -> None:
    made = document(text, media)
    chunks = split(made, tokens=tokens, count=count)
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert all(0 < count(chunk.text) <= max(tokens, 4) for chunk in chunks)
    assert all(one.end <= two.start for one, two in pairwise(chunks))
    kept = sum(count(chunk.text) for chunk in chunks)
    assert kept == sum(count(text[section.start : section.end]) for section in sections(made))


@settings(max_examples=120, deadline=None)
@given(text=TEXTS, media=MEDIA, tokens=st.integers(4, 60))
def test_no_chunk_crosses_a_heading(text: str, media: str, tokens: int) -> None:
    starts = [heading.start for heading in headings(text, media=media)]
    for chunk in split(document(text, media), tokens=tokens, count=count):
        assert not any(chunk.start < start < chunk.end for start in starts)


@settings(max_examples=120, deadline=None)
@given(text=TEXTS, media=MEDIA)
def test_sections_and_headings_together_hold_every_word(text: str, media: str) -> None:
    covered = bytearray(len(text))
    for span in [*headings(text, media=media), *sections(document(text, media))]:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    start = re.match(r"---[ \t]*(\r\n?|\n).*?^(---|\.\.\.)", text, re.S | re.M)
    after = start.end() if start and media == "text/markdown" else 0
    assert not text[after:] or all(covered[i] or text[i].isspace() for i in range(after, len(text)))


@given(st.text())
def test_whatever_is_written_in_utf8_is_read_back(text: str) -> None:
    decoded = decode(text.encode("utf-8", "surrogatepass"))
    if decoded and not decoded.guessed and not text.startswith("\ufeff"):
        assert decoded.text == text


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=7).map(" ".join), max_size=14), st.sampled_from([0.5, 0.8]))
def test_near_duplicates_are_those_that_comparing_all_pairs_finds(texts: list[str], threshold: float) -> None:
    sets = [trigrams(text) for text in texts]
    expected, first = set(), {}
    for j, shingles in enumerate(sets):
        if not texts[j].strip():
            continue
        if shingles in first:
            expected.add((first[shingles], j))
            continue
        first[shingles] = j
        for other, i in first.items():
            if i != j and len(other & shingles) > threshold * len(other | shingles):
                expected.add((i, j))
    assert near_duplicates(texts, threshold=threshold) == sorted(expected)
