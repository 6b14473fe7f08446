"""An embedder without a model: signed feature hashing of stems and of the characters inside words.

Deterministic on every machine and fast; it finds texts that share words or parts of words, and knows no synonyms. It
stands where a model would in tests and where none can be installed.

Weinberger et al., Feature Hashing for Large Scale Multitask Learning (2009).
"""

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Literal, cast

import numpy as np

from openbook.core.ids import digest
from openbook.core.protocols import Vector
from openbook.core.types import Failure
from openbook.retrieve.texts import problem
from openbook.retrieve.words import stems, words

TRIGRAM_WEIGHT = 0.3


class HashingEmbedder:
    """Texts to vectors of 256 numbers."""

    dimension = 256
    fingerprint = "hashing-" + digest(["crc32", dimension, "stems", "trigrams", TRIGRAM_WEIGHT, 1])

    def embed(self, texts: Sequence[str], *, kind: Literal["passage", "query"]) -> list[Vector | Failure]:
        """One L2-normalised float32 vector for each text; a Failure in place of what is no text or an empty one."""
        return [problem(text, stage="embed") or _vector(text, self.dimension) for text in texts]


def _vector(text: str, dimension: int) -> Vector:
    vector = np.zeros(dimension, dtype=np.float64)
    for feature, weight in _features(text).items():
        code = zlib.crc32(feature.encode("utf-8"))
        vector[code % dimension] += weight if code & 0x80000000 else -weight
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        # Every feature was cancelled by another of the opposite sign: one fixed direction for all such texts.
        vector[0], length = 1.0, 1.0
    return cast(Vector, (vector / length).astype(np.float32))


def _features(text: str) -> dict[str, float]:
    """Features with their weights; a count grows a weight only slowly, as in most term weightings."""
    counts = Counter(f"w {stem}" for stem in stems([text])[0])
    parts = Counter(f"c {part}" for word in words(text) or [text.strip()] for part in _trigrams(word))
    weights = {feature: 1.0 + math.log(count) for feature, count in counts.items()}
    return weights | {feature: TRIGRAM_WEIGHT * (1.0 + math.log(count)) for feature, count in parts.items()}


def _trigrams(word: str) -> list[str]:
    framed = f"<{word}>"
    return [framed[start : start + 3] for start in range(max(1, len(framed) - 2))]
