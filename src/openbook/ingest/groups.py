"""Which examples belong together: the unit of splitting and of inference.

Examples are connected by a shared document, fact or given group, or by inputs that are near-duplicates. Knows nothing
of train and test.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from openbook.core.types import Example
from openbook.ingest.near import Nearest, near_duplicates

LARGEST_SHARE = 0.3
"""A group with a larger share of all examples leaves nothing to compare it with; it is loosened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The group of every example.

    Attributes:
        keys: Example id → key of its group. A key is stable when examples are appended.
        twins: Id of every example whose input has a near-duplicate → id of the earliest such example.
        cut: Example id → keys of other groups that hold one of its further documents: links that were cut because the
            group would have been larger than the largest share. Such an example must not be asked where one of these
            groups was trained on.
        largest: Share of the examples in the largest group, after loosening.
    """

    keys: Mapping[str, str]
    twins: Mapping[str, str]
    cut: Mapping[str, frozenset[str]]
    largest: float

    @property
    def count(self) -> int:
        return len(set(self.keys.values()))


def group(examples: Sequence[Example], *, largest_share: float = LARGEST_SHARE) -> Groups:
    """Group examples so that nothing learnt from one group gives away an answer in another.

    A component with more than `largest_share` of all examples is made anew with each example's first document only.
    An unanswerable example without documents, fact or group joins the group of the nearest input.
    """
    texts = [asked(example) for example in examples]
    pairs = near_duplicates(texts)
    links = [list(_links(example)) for example in examples]
    roots = _components(links, pairs)
    loose = _oversized(roots, limit=largest_share * len(examples))
    if loose:
        links = [list(_links(example, primary_only=roots[index] in loose)) for index, example in enumerate(examples)]
        roots = _components(links, pairs)
    roots = _join_orphans(examples, texts, roots, pairs)
    keys = _keys(examples, roots)
    sizes = Counter(keys)
    return Groups(
        keys={example.id: key for example, key in zip(examples, keys, strict=True)},
        twins=_twins(examples, pairs),
        cut=_cut(examples, keys) if loose else {},
        largest=max(sizes.values(), default=0) / max(len(examples), 1),
    )


def asked(example: Example) -> str:
    """What an example is compared and looked up by: the input together with the text it is about."""
    return f"{example.input}\n{example.context}" if example.context else example.input


def _links(example: Example, *, primary_only: bool = False) -> Iterator[tuple[str, str]]:
    """What connects an example with others that have the same; its primary document is the first it names."""
    for name in example.documents[:1] if primary_only else example.documents:
        yield "document", name
    if example.fact:
        yield "fact", example.fact
    if example.group:
        yield "group", example.group


def _components(links: Sequence[Iterable[tuple[str, str]]], pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Connected components by union-find; each index is given the smallest index of its component."""
    parents = list(range(len(links)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    def join(one: int, other: int) -> None:
        low, high = sorted((root(one), root(other)))
        parents[high] = low

    first: dict[tuple[str, str], int] = {}
    for index, connections in enumerate(links):
        for link in connections:
            join(first.setdefault(link, index), index)
    for one, other in pairs:
        join(one, other)
    return [root(index) for index in range(len(links))]


def _oversized(roots: Sequence[int], *, limit: float) -> set[int]:
    return {root for root, size in Counter(roots).items() if size > limit and size > 1}


def _join_orphans(
    examples: Sequence[Example], texts: Sequence[str], roots: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> list[int]:
    paired = {index for pair in pairs for index in pair}
    orphans = [
        index
        for index, example in enumerate(examples)
        if not example.answerable and not any(_links(example)) and index not in paired
    ]
    lonely = set(orphans)
    homes = [index for index in range(len(examples)) if index not in lonely]
    nearest = Nearest([texts[index] for index in homes])
    joined = list(roots)
    for index in orphans:
        found = nearest.find(texts[index])
        if found is not None:
            joined[index] = roots[homes[found]]
    return joined


def _keys(examples: Sequence[Example], roots: Sequence[int]) -> list[str]:
    """A readable key for each component, from its earliest example, which appended examples do not change."""
    earliest: dict[int, Example] = {}
    for root, example in zip(roots, examples, strict=True):
        if root not in earliest or not any(_links(earliest[root])):
            earliest[root] = example if any(_links(example)) else earliest.get(root, example)
    named: dict[int, str] = {}
    taken: set[str] = set()
    for root, example in earliest.items():
        key = example.group or next(iter(example.documents), None) or example.fact or example.id
        named[root] = f"{key} ({example.id})" if key in taken else key
        taken.add(named[root])
    return [named[root] for root in roots]


def _twins(examples: Sequence[Example], pairs: Iterable[tuple[int, int]]) -> dict[str, str]:
    """Clusters of near-duplicates, each named by its earliest example."""
    roots = _components([()] * len(examples), pairs)
    sizes = Counter(roots)
    return {example.id: examples[root].id for example, root in zip(examples, roots, strict=True) if sizes[root] > 1}


def _cut(examples: Sequence[Example], keys: Sequence[str]) -> dict[str, frozenset[str]]:
    """Links that are missing: for each example the groups, other than its own, to which one of its documents belongs.

    A document belongs to the groups in which it is the primary one of an example; if there are none, to all it is in.
    """
    primary: defaultdict[str, set[str]] = defaultdict(set)
    anywhere: defaultdict[str, set[str]] = defaultdict(set)
    for example, key in zip(examples, keys, strict=True):
        for name in example.documents:
            anywhere[name].add(key)
        for name in example.documents[:1]:
            primary[name].add(key)
    crossing = {
        example.id: frozenset(other for name in example.documents for other in primary.get(name, anywhere[name]))
        - {key}
        for example, key in zip(examples, keys, strict=True)
    }
    return {name: others for name, others in crossing.items() if others}
