"""The exam paper: which questions every arm is asked. Knows nothing of arms or answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from openbook.core.ids import digest
from openbook.core.types import Example, Stratum
from openbook.ingest.splits import Division

STRATA: tuple[Stratum, ...] = ("seen", "new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The questions of a test, all arms the same.

    Attributes:
        stratum: Example id → seen or new.
        group: Example id → its group.
    """

    questions: tuple[Example, ...]
    stratum: Mapping[str, Stratum]
    group: Mapping[str, str]

    def of(self, stratum: str) -> list[Example]:
        """The questions of a stratum, or of `all`."""
        return [q for q in self.questions if stratum in ("all", self.stratum[q.id])]

    @property
    def groups(self) -> int:
        return len({self.group[question.id] for question in self.questions})


def set_paper(division: Division, group: Mapping[str, str], *, limit: int = 0, dev: bool = False) -> Paper:
    """Choose the test questions.

    With a limit, the strata take turns and within a stratum every group comes once before any comes twice; a higher
    limit keeps the questions of a lower one, so that their answers stay good.

    Args:
        limit: At most this many; 0: all.
        dev: Ask the dev questions instead: for iterating without a look at the test.
    """
    stratum: dict[str, Stratum]
    if dev:
        stratum = dict.fromkeys((example.id for example in division.dev), "new")
        ordered = _by_turns(division.dev, group)
    else:
        stratum = dict.fromkeys((e.id for e in division.seen), "seen")
        stratum |= dict.fromkeys((e.id for e in division.new), "new")
        turns = zip_longest(_by_turns(division.new, group), _by_turns(division.seen, group))
        ordered = [example for example in chain.from_iterable(turns) if example is not None]
    chosen = ordered[:limit] if limit else ordered
    return Paper(questions=tuple(chosen), stratum=stratum, group=group)


def _by_turns(examples: Sequence[Example], group: Mapping[str, str]) -> list[Example]:
    members: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda e: digest(e.id)):
        members[group[example.id]].append(example)
    rounds = zip_longest(*(members[name] for name in sorted(members, key=digest)))
    return [example for turn in rounds for example in turn if example is not None]
