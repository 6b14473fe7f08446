"""A second version of documents by exchanging values, and the questions that ask for them. Touches no file.

A fact's value is exchanged only where it is plain what it means: it stands in no document but those that its examples
name, there in one sentence, and nothing else there could be it. Whatever is doubtful is refused, with the reason.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from openbook.core.ids import digest
from openbook.core.types import Document, Example
from openbook.project.retold import Place, Wordings, around, doubt, places, retold
from openbook.project.values import Exchange, Kind, Value, exchanges, values
from openbook.score.wording import holds, matches, words

VERSION = 1
"""Raised whenever the same documents and examples would give another second version."""
MOST = 20
"""Values exchanged at most: every arm is asked for each, before the change and after it."""
WORDINGS = 3
"""Wordings of one fact that are asked at most."""
NO_VALUE = "no value that can be exchanged"
USED = "no other value is left that stands nowhere else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A value that was exchanged.

    Attributes:
        fact: Id of the fact, as its examples call it.
        documents: Where it stood.
        before: The sentence that told it.
        after: The same, with the new value.
    """

    fact: str
    documents: tuple[str, ...]
    kind: Kind
    old: str
    new: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A second version.

    Attributes:
        texts: Name → whole new text of each document that changed.
        questions: Examples of the exchanged facts: the new wordings as facts, the old ones as stale.
        touched: Ids of all examples that say an exchanged value, those included that cannot be asked.
        refused: Why a fact was left as it is → of how many facts.
    """

    swaps: tuple[Swap, ...]
    texts: Mapping[str, str]
    questions: tuple[Example, ...]
    touched: tuple[str, ...]
    refused: Mapping[str, int]


def make(
    documents: Sequence[Document], examples: Sequence[Example], *, fixed: Collection[str] = (), most: int = MOST
) -> Made:
    """Exchange the values of facts; the same documents and examples give the same second version.

    Args:
        fixed: Names of documents that cannot be changed.
        most: Of at most so many facts.
    """
    draft, refused = _Draft(documents, examples, fixed), Counter[str]()
    members: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        if example.answerable and example.documents:
            members[example.fact or example.id].append(example)
    # Those first that can be taught in some words and asked in others.
    for fact in sorted(members, key=lambda fact: (len(members[fact]) < 2, digest(fact))):
        if len(draft.swaps) < most and (reason := draft.swap(fact, members[fact])):
            refused[reason] += 1
    return Made(
        swaps=tuple(draft.swaps),
        texts={name: draft.texts[name] for name in sorted({name for one in draft.swaps for name in one.documents})},
        questions=tuple(draft.questions),
        touched=tuple(sorted(draft.touched)),
        refused=dict(sorted(refused.items())),
    )


def rewritten(example: Example, told: Wordings, exchange: Exchange, *, fact: str) -> Example | None:
    """The example as it is once the fact has the new value.

    None where it does not ask for the value: its question or context gives the old one away, its reference does not
    tell it, two of its facts do, or a wording that has no value will do as well.
    """
    if any(matches(wording, text) for wording in told for text in (example.input, example.context or "")):
        return None
    groups = [_of_fact(group, told) for group in example.facts]
    references = [retold(text, found) for text in example.references if (found := places(text, told, exchange))]
    if groups.count(True) != (1 if example.facts else 0) or not references or not _first_tells(example, told):
        return None
    mine = [group for group, old in zip(example.facts, groups, strict=True) if old] or [told]
    if not all(exchange.apply(wording) or _counts(wording) for wording in mine[0]):
        return None
    new = tuple(_renewed(g, exchange) if old else g for g, old in zip(example.facts, groups, strict=True))
    return replace(
        example,
        references=tuple(references),
        facts=new or (_renewed(told, exchange),),
        stale=tuple(dict.fromkeys((*example.stale, *mine[0]))),
        fact=fact,
        split=None,
        change="edit",
    )


class _Draft:
    """A second version in the making."""

    def __init__(self, documents: Sequence[Document], examples: Sequence[Example], fixed: Collection[str]) -> None:
        self._fixed = frozenset(fixed)
        self.texts = {document.name: document.text for document in documents}
        self.swaps: list[Swap] = []
        self.questions: list[Example] = []
        self.touched: set[str] = set()
        self._words = {name: words(text) for name, text in self.texts.items()}
        self._known = {name: frozenset(cut) for name, cut in self._words.items()}
        self._before = dict(self._words)
        self._naming: dict[str, list[Example]] = defaultdict(list)
        for example in examples:
            for name in example.documents:
                self._naming[name].append(example)

    def swap(self, fact: str, members: Sequence[Example]) -> str:
        """Exchange a value of this fact. Returns why not, or nothing where it was done."""
        reasons = []
        for told in dict.fromkeys(told for example in members for told in _tellings(example)):
            named = {name for example in members for name in example.documents}
            reason = self._exchange(fact, told, named)
            if not reason:
                return ""
            reasons.append(reason)
        return next((reason for reason in reasons if reason != NO_VALUE), NO_VALUE)

    def _exchange(self, fact: str, told: Wordings, named: Iterable[str]) -> str:
        cuts = {wording: words(wording) for wording in told}
        homes = [name for name in self.texts if any(self._says(name, cut) for cut in cuts.values())]
        if not homes:
            return "it stands in no document in these words"
        if not set(homes) <= set(named):
            return "other documents say it too"
        if self._fixed.intersection(homes):
            return "only plain text and Markdown can be changed"
        said = [wording for wording, cut in cuts.items() if any(self._says(name, cut) for name in homes)]
        found = next((value for wording in said for value in values(wording)), None)
        return NO_VALUE if found is None else self._first_that_fits(fact, told, homes, found)

    def _first_that_fits(self, fact: str, told: Wordings, homes: Sequence[str], value: Value) -> str:
        affected = {e.id: e for name in homes for e in self._naming[name] if _tells(e, told)}
        if affected.keys() & self.touched:
            return "another value of the same question is exchanged"
        for exchange in self._unused(
            exchanges(value.kind, value.text, key=f"{fact} {told[0]}"), homes, affected.values()
        ):
            found = {name: places(self.texts[name], told, exchange) for name in homes}
            if not all(found.values()):
                return "it cannot be told what the value is where it stands"
            if reason := next((r for n in homes if (r := doubt(self.texts[n], found[n], exchange))), ""):
                return reason
            asked = [made for e in affected.values() if (made := rewritten(e, told, exchange, fact=fact)) is not None]
            if not asked:
                return "no question asks for it alone"
            self._keep(fact, found, exchange)
            self.touched |= affected.keys()
            self.questions += asked[:WORDINGS]
            return ""
        return USED

    def _unused(
        self, able: Sequence[Exchange], homes: Sequence[str], affected: Iterable[Example]
    ) -> Iterator[Exchange]:
        """Those whose new value these documents and examples do not say; first those that no document says at all."""
        cuts = {exchange: [words(new) for _, new in exchange.forms] for exchange in able}
        # What an earlier swap took away is stale now, and must not come back by another.
        said = [said[name] for said in (self._words, self._before) for name in homes]
        said += [words(text) for example in affected for text in _everything(example)]
        able = [one for one in able if not any(holds(text, cut) for cut in cuts[one] for text in said)]
        yield from sorted(able, key=lambda one: any(self._says(name, cut) for cut in cuts[one] for name in self.texts))

    def _keep(self, fact: str, found: Mapping[str, Sequence[Place]], exchange: Exchange) -> None:
        name, told = next(iter(found.items()))
        old = self.texts[name][told[0].start : told[0].end]
        said = (old, exchange.apply(old) or exchange.new, *around(self.texts[name], told))
        lines = dict(zip(("old", "new", "before", "after"), (" ".join(text.split()) for text in said), strict=True))
        self.swaps.append(Swap(fact=fact, documents=tuple(found), kind=exchange.kind, **lines))
        for name, told in found.items():
            self.texts[name] = retold(self.texts[name], told)
            self._words[name] = words(self.texts[name])
            self._known[name] = frozenset(self._words[name])

    def _says(self, name: str, cut: tuple[str, ...]) -> bool:
        return self._known[name].issuperset(cut) and holds(self._words[name], cut)


def _tellings(example: Example) -> list[Wordings]:
    """What the example may be asked for: each of its facts, or without facts the values of its reference."""
    if example.facts:
        return list(example.facts)
    return [(_phrase(example.reference, value),) for value in values(example.reference)]


def _phrase(text: str, value: Value) -> str:
    """A value with what it counts: the currency before it, the sign or the word after it."""
    before = text[value.start - 1] if value.kind == "money" and value.start and text[value.start - 1] in "£$€" else ""
    rest = text[value.end :].split()
    unit = rest[0].strip(".,;:!?()[]\"'”’") if rest and value.kind in ("number", "money", "percentage") else ""
    glued = "" if text[value.end : value.end + 1] and not text[value.end].isspace() else " "
    if before or not unit or (not unit.isalpha() and unit != "%"):
        return f"{before}{value.text}"
    return f"{value.text}{glued}{unit}"


def _tells(example: Example, told: Wordings) -> bool:
    return any(_of_fact(group, told) for group in example.facts) or _first_tells(example, told)


def _first_tells(example: Example, told: Wordings) -> bool:
    return bool(example.references) and any(matches(wording, example.reference) for wording in told)


def _of_fact(group: Wordings, told: Wordings) -> bool:
    """Whether a group of wordings is this fact's, or holds it among other words."""
    return any(matches(wording, other) for wording in told for other in group)


def _counts(wording: str) -> bool:
    """Whether there is a value in a wording, if one that this exchange does not know in this spelling."""
    return any(char.isdigit() for char in wording) or bool(values(wording.lower()))


def _renewed(group: Wordings, exchange: Exchange) -> Wordings:
    """The wordings with the new value, in every spelling that the old one may have had."""
    new = [made for wording in group if (made := exchange.apply(wording)) is not None]
    spelt = [w.replace(exchange.new, form) for w in new for _, form in exchange.forms if exchange.kind == "number"]
    return tuple(dict.fromkeys((*new, *(wording for wording in spelt if len(group) == 1))))


def _everything(example: Example) -> list[str]:
    """All that an example says."""
    said = [example.input, example.context or "", *example.references, *example.stale]
    return [*said, *(wording for group in example.facts for wording in group)]
