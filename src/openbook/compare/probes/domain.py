"""The domain probe: how well each tuned arm's model foresees the documents' own text, with its adapter and without.

A fixed sample of passages, half of it from documents that training examples name where there are such, is drawn while the
files are what was indexed, and kept. It is read as the forgetting probe reads general English, by the same code. Knows how
to ask; what the figures mean is said in `adapted`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from openbook.compare.probes import forgetting
from openbook.compare.probes.forgetting import Probe
from openbook.compare.seats import Seat, first_seats, taking_part
from openbook.core.ids import digest
from openbook.core.protocols import Generator, Likelihood
from openbook.core.types import Document
from openbook.project import ArmPlan, Project
from openbook.project.adapters import studied
from openbook.workspace import read_json, write_json

VERSION = 1
"""Raised whenever the same documents would give other passages."""

SHORTEST = 8
"""Words: of a shorter passage hardly a token can be foreseen from what stands before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What is read by whom.

    Attributes:
        documents: Passage → the document that it is from.
        named: Arm → the documents that its training examples name.
        reading: The passages and the tuned arms' models, one training seed each, with nothing to reply to.
    """

    documents: dict[str, str]
    named: dict[str, frozenset[str]]
    reading: Probe

    @property
    def files(self) -> list[Path]:
        """Everything that was recorded."""
        return self.reading.files


def probe(project: Project, ready: Sequence[Seat]) -> Domain | None:
    """The probe of these arms; None where it is left out or nothing was tuned. Opens no model."""
    tuned = [seat for seat in first_seats(ready) if seat.plan.tunes]
    if not project.config.probes.domain or not tuned:
        return None
    sample = _sample(project)
    return Domain(
        documents={row["id"]: row["document"] for row in sample},
        named={seat.name: _named_by(project, seat) for seat in tuned},
        reading=Probe(
            paragraphs={row["id"]: row["text"] for row in sample},
            instructions=(),
            patients=forgetting.patients(project, tuned, project.workspace.domain),
        ),
    )


def readers(project: Project, plans: Sequence[ArmPlan]) -> list[ArmPlan]:
    """The tuned arms whose model can say how likely a text is; none where the probe is left out. Opens no model."""
    tuned = [plan for plan in plans if plan.tunes] if project.config.probes.domain else []
    return [plan for plan in tuned if _can_read(project.untuned(plan.name))]


def keep(project: Project) -> None:
    """Draw the passages from the documents as they are indexed now, where somebody will read them, and write them down."""
    file = _file(project)
    if file is None or file.exists() or not readers(project, taking_part(project)):
        return
    count = project.config.probes.domain_texts
    write_json(file, drawn(project, count))


def drawn(project: Project, count: int) -> list[dict[str, Any]]:
    """Passages, half from documents that training examples name and half from others; each side fills in for the other.

    Documents come in an order fixed by their names, each gives one passage before any gives two.
    """
    named = _named(project)
    names = sorted((file.name for file in project.knowledge.files()), key=lambda name: digest(["domain", name]))
    sides = [[name for name in names if (name in named) is side][:count] for side in (True, False)]
    pools = [_by_turns(project, names) for names in sides]
    half = [min(len(pools[0]), max(count - count // 2, count - len(pools[1]))), 0]
    half[1] = min(len(pools[1]), count - half[0])
    rows = [row for pool, most in zip(pools, half, strict=True) for row in pool[:most]]
    return list({row["id"]: row for row in rows}.values())


def _by_turns(project: Project, names: Collection[str]) -> list[dict[str, Any]]:
    """The passages of some documents: the first of each, then the second of each, and so on."""
    wanted = set(names)
    shelf = dict(project.knowledge.documents(wanted)) if wanted else {}
    each = [_passages(project, name, shelf.get(name)) for name in names]
    return [row for turn in zip_longest(*each) for row in turn if row is not None]


def _passages(project: Project, name: str, document: Document | None) -> list[dict[str, Any]]:
    """A document's passages in an order fixed by their text; none of one that is no longer what was indexed."""
    chunks = [] if document is None else project.knowledge.cut(document)
    rows = [
        {"id": digest(chunk.text), "document": name, "text": chunk.text}
        for chunk in chunks
        if len(chunk.text.split()) >= SHORTEST
    ]
    return sorted(rows, key=lambda row: row["id"])


def _sample(project: Project) -> Iterable[dict[str, Any]]:
    file = _file(project)
    found = None if file is None else read_json(file)
    return found if isinstance(found, list) else []


def _file(project: Project) -> Path | None:
    """Where the sample of these documents lies; None without an index."""
    content = project.knowledge.content()
    if content is None:
        return None
    key = digest([VERSION, content, project.config.probes.domain_texts, sorted(_named(project))])
    return project.workspace.domain / f"{key}.json"


def _named(project: Project) -> set[str]:
    return {name for example in project.exam.division.train for name in example.documents}


def _named_by(project: Project, seat: Seat) -> frozenset[str]:
    """Of the examples that the arm was trained on, which may be fewer than all."""
    rows = studied(project.exam.division, seat.plan.tune, seed=seat.arm.seed)
    return frozenset(name for example in rows for name in example.documents)


def _can_read(generator: Generator) -> bool:
    return isinstance(generator, Likelihood) and not generator.no_loss
