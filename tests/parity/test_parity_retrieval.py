"""nDCG and recall against values of ranx 0.3.21 on drawn rankings, and against scikit-learn where it is installed."""

import random

import pytest

from openbook.score.retrieval import ndcg, recall

RANX = (
    # found, wanted, ndcg@k, recall@k with k = len(found)
    ("d2 d6 d0 d1 d8", "d9 d0", 0.3065735964, 0.5),
    ("d0 d1 d6", "d1 d3 d11 d8", 0.296081911, 0.25),
    ("d0 d9 d1 d3 d11 d4 d6 d8 d7 d5", "d8", 0.3154648768, 1.0),
    ("d4 d6 d2", "d1 d9 d4 d8 d2 d0 d10", 0.703918089, 0.2857142857),
    ("d5 d1 d8", "d9", 0.0, 0.0),
    ("d9", "d7", 0.0, 0.0),
    ("d5 d7 d9 d10 d11 d2 d1 d8 d4 d0", "d4 d8 d7 d5 d9 d2 d11", 0.9594516125, 1.0),
    ("d1", "d6 d2 d5 d10 d7 d3 d0", 0.0, 0.0),
)


@pytest.mark.parametrize(("found", "wanted", "gain", "share"), RANX)
def test_ndcg_and_recall_are_ranx_s(found: str, wanted: str, gain: float, share: float) -> None:
    ranked, named = found.split(), wanted.split()
    assert ndcg(ranked, named, depth=len(ranked)) == pytest.approx(gain, abs=1e-9)
    assert recall(ranked, named) == pytest.approx(share, abs=1e-9)


def test_ndcg_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    chance = random.Random(3)
    names = [f"d{number}" for number in range(15)]
    for _ in range(50):
        ranked, named = chance.sample(names, k=15), chance.sample(names, k=chance.randint(1, 9))
        depth = chance.randint(1, 15)
        gains = [[float(name in named) for name in names]]
        scores = [[-float(ranked.index(name)) for name in names]]
        assert ndcg(ranked, named, depth=depth) == pytest.approx(metrics.ndcg_score(gains, scores, k=depth))
