"""Reciprocal-rank fusion, by hand."""

from dataclasses import replace

import pytest

from openbook.core.types import Chunk, Hit
from openbook.retrieve.fusion import fuse, weigh_documents


def _hits(names: str) -> list[Hit]:
    return [
        Hit(chunk=Chunk(document=name, text=name, start=0, end=1), score=float(len(names) - place))
        for place, name in enumerate(names)
    ]


def test_scores_and_order_are_those_computed_by_hand() -> None:
    fused = fuse({"dense": _hits("abcd"), "lexical": _hits("cae")}, k=10)
    # a: 1/61 + 1/62 · c: 1/63 + 1/61 · b: 1/62 · e: 1/63 · d: 1/64
    assert [hit.chunk.document for hit in fused] == ["a", "c", "b", "e", "d"]
    expected = [1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62, 1 / 63, 1 / 64]
    assert [hit.score for hit in fused] == pytest.approx(expected, abs=1e-15)


def test_every_hit_says_where_it_stood() -> None:
    fused = fuse({"dense": _hits("ab"), "lexical": _hits("b")}, k=10)
    assert {hit.chunk.document: dict(hit.ranks) for hit in fused} == {
        "b": {"dense": 2, "lexical": 1},
        "a": {"dense": 1},
    }


def test_only_the_best_k_are_returned() -> None:
    assert [hit.chunk.document for hit in fuse({"dense": _hits("abc"), "lexical": _hits("cba")}, k=1)] == ["a"]


def test_a_smaller_constant_favours_the_first_ranks() -> None:
    lists = {"dense": _hits("abcd"), "lexical": _hits("bcd")}
    one_first = {"dense": _hits("axyb"), "lexical": _hits("zwvb")}
    assert fuse(one_first, k=1, rrf_k=60)[0].chunk.document == "b"
    assert fuse(one_first, k=1, rrf_k=1)[0].chunk.document == "a"
    assert fuse(lists, k=1, rrf_k=1)[0].chunk.document == "b"


def test_the_order_of_the_lists_does_not_matter_and_ties_fall_by_document() -> None:
    one, other = _hits("ab"), _hits("ba")
    forth = fuse({"dense": one, "lexical": other}, k=2)
    back = fuse({"lexical": other, "dense": one}, k=2)
    assert [hit.chunk.document for hit in forth] == [hit.chunk.document for hit in back] == ["a", "b"]


def test_nothing_fused_is_nothing() -> None:
    assert fuse({}, k=3) == []
    assert fuse({"dense": [], "lexical": []}, k=3) == []


def test_a_page_with_several_good_sections_passes_a_chance_match() -> None:
    lone = Hit(chunk=Chunk(document="lone.md", text="a", start=0, end=1), score=0.10)
    first = Hit(chunk=Chunk(document="page.md", text="b", start=0, end=1), score=0.09)
    second = Hit(chunk=Chunk(document="page.md", text="c", start=2, end=3), score=0.08)
    hits = [replace(hit, ranks={"dense": rank}) for rank, hit in enumerate((lone, first, second), start=1)]

    lifted = weigh_documents(hits, weight=0.25)

    assert [hit.chunk.text for hit in lifted] == ["b", "a", "c"]
    assert lifted[0].score == pytest.approx(0.09 + 0.25 * 0.17)
    assert [hit.chunk.text for hit in weigh_documents(hits, weight=0.0)] == ["a", "b", "c"]
