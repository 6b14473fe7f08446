"""Divides grouped examples into train, dev and test. Knows nothing of how groups were found.

Whole groups are kept for the `new` stratum and for dev; from the groups that are trained on, a share of the examples is
held out as the `seen` stratum, each asking for something that another training example still teaches in other words.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from openbook.core.ids import digest
from openbook.core.types import Example, Split
from openbook.ingest.groups import Groups

ENOUGH_TEST_GROUPS = 20
"""Below this many groups the intervals are wide and few differences can be told from chance."""
DEV_SHARE = 0.25
OUTSIZED = 0.1
"""A group with more than this share of all examples is trained on while there are others: it would decide everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Examples by what they are used for; each carries its group's key as `group`.

    Attributes:
        seen: Test questions whose fact (or, without facts, document) is trained on in other words.
        new: Test questions of groups that nothing is trained on from.
        dropped: Example id → why it is used for nothing.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    seen: tuple[Example, ...]
    new: tuple[Example, ...]
    dropped: Mapping[str, str]

    @property
    def test(self) -> tuple[Example, ...]:
        return (*self.seen, *self.new)

    def groups(self, examples: Iterable[Example]) -> int:
        """Number of groups that some of the examples belong to."""
        return len({example.group for example in examples})


def divide(
    examples: Sequence[Example],
    groups: Groups,
    *,
    test: float,
    seen: float,
    seed: int,
    dev: float = DEV_SHARE,
) -> Division:
    """Divide examples by group; the same arguments give the same division, and appended examples move few others.

    Args:
        test: Share of the groups kept for the `new` stratum and dev.
        seen: Share of the training groups' examples held out as the `seen` stratum, where that is possible.
        seed: Shuffles groups and examples.
        dev: Share of the kept groups that goes to dev; down to half of that where the
            `new` stratum then has 20 groups.

    An example's own `split` is kept. A group with an example for training is never new: its test examples are seen.
    """
    grouped = [replace(example, group=groups.keys[example.id]) for example in examples]
    sides = _sides(grouped, test=test, seed=seed, dev=dev)
    dropped = _stragglers(grouped, groups, sides)
    parts: dict[str, list[Example]] = {"train": [], "dev": [], "seen": [], "new": []}
    free = []
    for example in grouped:
        if example.id in dropped:
            continue
        side = sides[str(example.group)]
        parts[_part(example, side)].append(example)
        if side == "train" and example.split is None:
            free.append(example)
    held = _held_out(parts["train"], free, groups.twins, share=seen, seed=seed)
    asked = held | {example.id for example in parts["seen"]}
    return Division(
        train=tuple(example for example in parts["train"] if example.id not in held),
        dev=tuple(parts["dev"]),
        seen=tuple(example for example in grouped if example.id in asked),
        new=tuple(parts["new"]),
        dropped=dropped,
    )


def _part(example: Example, side: Split) -> str:
    wanted = example.split or side
    return wanted if wanted != "test" else "seen" if side == "train" else "new"


def _sides(examples: Sequence[Example], *, test: float, seed: int, dev: float) -> dict[str, Split]:
    """The side of every group: as its examples say, else by its place in a shuffled order."""
    sizes = Counter(str(example.group) for example in examples)
    sides: dict[str, Split] = {}
    rank: dict[Split, int] = {"train": 0, "test": 1, "dev": 2}
    for example in examples:
        if example.split:
            key = str(example.group)
            sides[key] = min(example.split, sides.get(key, example.split), key=rank.__getitem__)
    preset = Counter(sides.values())
    free = sorted(
        sizes.keys() - sides.keys(), key=lambda key: (sizes[key] > OUTSIZED * len(examples), digest([seed, key]))
    )
    for_test, for_dev = _quotas(len(sizes), test=test, dev=dev)
    for_test = max(0, for_test - preset["test"])
    for_dev = max(0, for_dev - preset["dev"])
    if not preset["train"]:
        for_test = min(for_test, max(0, len(free) - 1))
        for_dev = min(for_dev, max(0, len(free) - 1 - for_test))
    for index, key in enumerate(free):
        sides[key] = "test" if index < for_test else "dev" if index < for_test + for_dev else "train"
    return sides


def _quotas(count: int, *, test: float, dev: float) -> tuple[int, int]:
    """How many of `count` groups go to (test, dev): dev gives up to half of its own where test then has enough."""
    kept = round(test * count)
    if kept < 2 or dev <= 0:
        return kept, 0
    for_dev = max(1, round(dev * kept))
    if kept - for_dev < ENOUGH_TEST_GROUPS <= kept - (for_dev + 1) // 2:
        for_dev = kept - ENOUGH_TEST_GROUPS
    return kept - for_dev, for_dev


def _stragglers(examples: Sequence[Example], groups: Groups, sides: Mapping[str, Split]) -> dict[str, str]:
    """Examples of a loosened group that draw on a document of the other side."""
    dropped = {}
    for example in examples:
        side = sides[str(example.group)]
        across = sorted(key for key in groups.cut.get(example.id, ()) if sides[key] != side)
        if across and example.split is None:
            dropped[example.id] = f"it is in a {side} group and also draws on {across[0]!r}, a {sides[across[0]]} group"
    return dropped


def _held_out(
    train: Sequence[Example], free: Sequence[Example], twins: Mapping[str, str], *, share: float, seed: int
) -> set[str]:
    """Ids of the training examples to be asked instead: what each asks for stays taught by another.

    An input with a near-duplicate is not held out: it would be asked in the words it was trained in.
    """
    taught = Counter(subject for example in train for subject in _teaches(example))
    relied: set[tuple[str, str]] = set()
    held: set[str] = set()
    for example in sorted(free, key=lambda example: digest([seed, example.id])):
        if len(held) >= round(share * len(free)):
            break
        needed = _asks_for(example)
        at_stake = needed | (_teaches(example) & relied)
        if needed and example.id not in twins and all(taught[subject] > 1 for subject in at_stake):
            held.add(example.id)
            relied |= needed
            taught.subtract(_teaches(example))
    return held


def _asks_for(example: Example) -> set[tuple[str, str]]:
    """What must be taught by another example for this one to be seen: its fact, or without one its documents."""
    return {("fact", example.fact)} if example.fact else {("document", name) for name in example.documents}


def _teaches(example: Example) -> set[tuple[str, str]]:
    return _asks_for(example) | {("document", name) for name in example.documents}
