"""A small classifier that tells a house's texts from others, by runs of characters and by words; its accuracy measured.

Log-odds of n-grams (naive Bayes on presence), add-one smoothed, averaged over the text's n-grams so that length plays no
part. It knows only what sets the two piles apart: where they differ in subject, it learns the subject.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openbook.core.ids import digest
from openbook.score.stats import Interval, mean_interval

SHORTEST, LONGEST = 2, 4
"""Characters of an n-gram, a mark for the gap between words included."""
RARE = 2
"""An n-gram of fewer training texts is left out: it says who wrote one text, not how the house writes."""
FOLDS = 5
FEWEST = 10
"""Texts of each kind that a classifier needs."""
TELLS_APART = 0.8
"""Accuracy below which the check cannot tell styles apart."""
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text and the group that it may not be torn from when the classifier is checked."""

    text: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A trained classifier: a text is like the house's where its mean log-odds are above `threshold`."""

    odds: Mapping[str, float]
    threshold: float

    def like(self, text: str) -> bool:
        return _mean_odds(self.odds, grams(text)) > self.threshold


def grams(text: str) -> frozenset[str]:
    """The distinct n-grams of a text: characters with their case, and whole words and marks."""
    plain = f"␣{'␣'.join(text.split())}␣"
    runs = (plain[at : at + n] for n in range(SHORTEST, LONGEST + 1) for at in range(len(plain) - n + 1))
    return frozenset({*runs, *(f"word {token}" for token in _TOKEN.findall(text))})


def train(house: Sequence[str], others: Sequence[str]) -> Likeness:
    """Learn what sets two piles of texts apart; both count alike, whatever their sizes.

    Raises:
        ValueError: A pile is empty.
    """
    if not house or not others:
        raise ValueError("a classifier needs texts of both kinds")
    return _train([grams(text) for text in house], [grams(text) for text in others])


def _train(house: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> Likeness:
    ours, theirs = Counter(g for one in house for g in one), Counter(g for one in others for g in one)
    odds = {
        gram: math.log((ours[gram] + 1) / (len(house) + 2)) - math.log((theirs[gram] + 1) / (len(others) + 2))
        for gram in sorted({*ours, *theirs})
        if ours[gram] + theirs[gram] >= RARE
    }
    means = [math.fsum(_mean_odds(odds, one) for one in pile) / len(pile) for pile in (house, others)]
    return Likeness(odds=odds, threshold=sum(means) / 2)


def _mean_odds(odds: Mapping[str, float], found: frozenset[str]) -> float:
    """0 where nothing of the text was met in training."""
    known = [odds[gram] for gram in found if gram in odds]
    return math.fsum(known) / len(known) if known else 0.0


def accuracy(house: Sequence[Text], others: Sequence[Text], level: float = 0.95) -> Interval:
    """Accuracy on texts that were not trained on, by cross-validation over groups; of the two kinds' mean 0.5 is chance.

    Raises:
        ValueError: A pile of which one fold holds everything.
    """
    piles = [[(grams(one.text), one.group, kind) for one in pile] for kind, pile in enumerate((house, others))]
    right: list[float] = []
    groups: list[str] = []
    for fold in range(FOLDS):
        kept = [[found for found, group, _ in pile if _fold(group) != fold] for pile in piles]
        if not all(kept):
            raise ValueError("all texts of one kind are in one group: the classifier cannot be checked on others")
        made = _train(*kept)
        for found, group, kind in (row for pile in piles for row in pile if _fold(row[1]) == fold):
            right.append(float((_mean_odds(made.odds, found) > made.threshold) is (kind == 0)))
            groups.append(f"{kind} {group}")
    return mean_interval(right, groups, level)


def _fold(group: str) -> int:
    return int(digest(["fold", group]), 16) % FOLDS
