"""Near-duplicate and nearest texts by their words, fast enough for tens of thousands. Knows nothing of examples."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

NEAR = 0.8
"""Word-trigram Jaccard similarity above which two texts count as wordings of one another."""
COMMON = 0.1
"""A word in more than this share of the texts says nothing about which text is near."""


Shingles = frozenset[tuple[str, ...]]
"""The word trigrams of a text."""


def words(text: str) -> list[str]:
    """Words and numbers in lower case, without punctuation."""
    return re.findall(r"\w+", text.casefold())


def trigrams(text: str) -> Shingles:
    """The text's word trigrams; a text shorter than three words is one shingle of its own."""
    found = words(text)
    if len(found) < 3:
        return frozenset([tuple(found)])
    return frozenset(zip(found, found[1:], found[2:], strict=False))


def near_duplicates(texts: Sequence[str], *, threshold: float = NEAR) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of texts whose word trigrams have a Jaccard similarity above the threshold.

    Exact, by prefix filtering (Chaudhuri, Ganti, Kaushik, ICDE 2006): two sets that similar must share one of their
    rarest shingles. Of texts with equal trigrams each is paired with the first only, so that a thousand equal texts
    give 999 pairs. Texts without a word are paired with none.
    """
    first: dict[Shingles, int] = {}
    pairs = []
    for index, text in enumerate(texts):
        shingles = trigrams(text)
        if shingles == {()}:
            continue
        if shingles in first:
            pairs.append((first[shingles], index))
        else:
            first[shingles] = index
    pairs.extend((min(i, j), max(i, j)) for i, j in _similar(first, threshold))
    return sorted(pairs)


def _similar(sets: Mapping[Shingles, int], threshold: float) -> Iterator[tuple[int, int]]:
    counts = Counter(shingle for shingles in sets for shingle in shingles)
    index: defaultdict[tuple[str, ...], list[Shingles]] = defaultdict(list)
    for shingles in sorted(sets, key=lambda item: (len(item), sets[item])):
        rarest = sorted(shingles, key=lambda shingle: (counts[shingle], shingle))
        prefix = rarest[: len(rarest) - math.ceil(threshold * len(rarest)) + 1]
        candidates = {other for shingle in prefix for other in index[shingle]}
        for other in candidates:
            shared = len(shingles & other)
            if shared > threshold * (len(shingles) + len(other) - shared):
                yield sets[shingles], sets[other]
        for shingle in prefix:
            index[shingle].append(shingles)


class Nearest:
    """Finds the text that shares the most words with another, rare words counting more.

    Args:
        texts: The texts to search among.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        sets = [frozenset(words(text)) for text in texts]
        counts = Counter(word for found in sets for word in found)
        most = max(COMMON * len(texts), 3)
        self._weights = {word: math.log(1 + len(texts) / count) for word, count in counts.items() if count <= most}
        self._totals = [self._total(found) for found in sets]
        self._index: defaultdict[str, list[int]] = defaultdict(list)
        for index, found in enumerate(sets):
            for word in found & self._weights.keys():
                self._index[word].append(index)

    def find(self, text: str) -> int | None:
        """Index of the nearest text (the first of equals), or None where no telling word is shared.

        Nearness is Jaccard similarity of the words, weighted by inverse document frequency.
        """
        asked = frozenset(words(text))
        shared: defaultdict[int, float] = defaultdict(float)
        for word in sorted(asked & self._weights.keys()):
            for index in self._index[word]:
                shared[index] += self._weights[word]
        total = self._total(asked)
        return max(
            sorted(shared),
            key=lambda index: shared[index] / (total + self._totals[index] - shared[index]),
            default=None,
        )

    def _total(self, found: frozenset[str]) -> float:
        return math.fsum(self._weights.get(word, 0.0) for word in found)
