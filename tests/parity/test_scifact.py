"""BM25 on BEIR SciFact, against the published figure (nDCG@10 .679, Anserini's BM25, Thakur et al. 2021)."""

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

import shared_data
from openbook.core.types import Chunk
from openbook.retrieve.lexical import Lexical

PUBLISHED = 0.679


class SciFact:
    def __init__(self, folder: Path) -> None:
        with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        self.ids = [row["_id"] for row in rows]
        self.texts = [f"{row['title']}\n{row['text']}" for row in rows]
        self.relevant: dict[str, set[str]] = {}
        for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, score = line.split("\t")
            if int(score) > 0:
                self.relevant.setdefault(query, set()).add(document)
        lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
        claims = {row["_id"]: row["text"] for row in map(json.loads, lines)}
        self.queries = [claims[query] for query in self.relevant]

    def ndcg(self, rankings: Sequence[Sequence[str]]) -> float:
        """Mean nDCG@10 with binary gains."""
        total = 0.0
        for relevant, ranking in zip(self.relevant.values(), rankings, strict=True):
            gain = sum(1 / math.log2(place + 2) for place, name in enumerate(ranking[:10]) if name in relevant)
            total += gain / sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))
        return total / len(self.relevant)


@pytest.fixture(scope="module")
def scifact() -> SciFact:
    return SciFact(shared_data.path("beir_scifact"))


@pytest.fixture(scope="module")
def by_words(scifact: SciFact) -> list[list[str]]:
    found = Lexical(scifact.texts).search(scifact.queries, 10)
    return [[scifact.ids[index] for index, _ in row] for row in found]


def test_bm25_reaches_the_published_figure_on_scifact(scifact: SciFact, by_words: list[list[str]]) -> None:
    assert (len(scifact.ids), len(scifact.queries)) == (5183, 300)
    assert scifact.ndcg(by_words) == pytest.approx(PUBLISHED, abs=0.02)


def test_the_full_text_index_of_lancedb_ranks_as_our_bm25_does(
    scifact: SciFact, by_words: list[list[str]], tmp_path: Path
) -> None:
    pytest.importorskip("lancedb", reason="the extra 'lancedb' is not installed")
    from openbook.retrieve.lance import LanceStore

    store = LanceStore(tmp_path, dimension=2)
    chunks = [
        Chunk(document=name, text=text, start=0, end=len(text))
        for name, text in zip(scifact.ids, scifact.texts, strict=True)
    ]
    store.replace(chunks, [[1.0, 0.0]] * len(chunks))
    found = [[hit.chunk.document for hit in hits] for hits in store.lexical(scifact.queries, k=10)]
    assert scifact.ndcg(found) == pytest.approx(PUBLISHED, abs=0.02)
    shared = sum(len(set(one) & set(other)) for one, other in zip(found, by_words, strict=True))
    assert shared / (10 * len(found)) >= 0.9
