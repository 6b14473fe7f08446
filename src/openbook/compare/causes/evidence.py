"""Where the answer to a question stands: in the documents, in the passages that an arm was shown, or nowhere.

Found in the text of what was indexed and kept under the index's content version, so that a report made later tells of
the documents that the arms looked into, whatever has become of the files since. Knows neither arms nor metrics.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from openbook.core import jsonl
from openbook.core.errors import disk_errors
from openbook.core.ids import digest
from openbook.core.types import Document, Example, Hit
from openbook.project import Project
from openbook.score.wording import holds, words

Place = Literal["wording", "named", "nowhere", "unknown"]
"""`wording`: an accepted wording stands in the documents; `named`: none does, but a document that the example names is
there; `nowhere`: neither; `unknown`: the example carries too little to tell."""

TELLING = 4
"""Letters from which on a reference of one word is no coincidence ("no" stands in every document)."""


def keep(project: Project, examples: Sequence[Example]) -> None:
    """Look up, in the documents as they are indexed now, what is not known yet of these examples, and write it down."""
    content = project.knowledge.content()
    if content is None:
        return
    path = _file(project, content)
    known = {row["key"] for row in jsonl.read(path)}
    missing = [example for example in examples if example.answerable and _key(example) not in known]
    found = _search(project, missing)
    with disk_errors(str(path)):
        jsonl.append(path, [{"key": _key(e), "example": e.id, "place": found[e.id]} for e in missing])


def places(project: Project, examples: Sequence[Example]) -> dict[str, Place]:
    """Example id → where its answer stands: as kept, and where nothing was kept in the files that are still the same."""
    content = project.knowledge.content()
    if content is None:
        return dict.fromkeys((example.id for example in examples), "unknown")
    kept: dict[str, Place] = {row["key"]: row["place"] for row in jsonl.read(_file(project, content))}
    found = _search(project, [example for example in examples if _key(example) not in kept])
    return {example.id: kept.get(_key(example)) or found[example.id] for example in examples}


def shown(example: Example, hits: Sequence[Hit], place: Place) -> bool:
    """Whether the passages together held the answer.

    Args:
        place: Where it stands in the documents. Where only a document is named for it, any passage of that counts.
    """
    if place == "named":
        return any(hit.chunk.document in example.documents for hit in hits)
    return _tell(example, [words(hit.chunk.searchable) for hit in hits])


def _tell(example: Example, texts: Sequence[tuple[str, ...]]) -> bool:
    """Whether every group of facts has a wording in one of the texts; without facts, whether a reference stands there."""
    groups = example.facts or (tuple(r for r in example.references if _telling(r)),)
    cut = [[words(wording) for wording in group] for group in groups]
    return all(any(holds(text, wording) for wording in group for text in texts) for group in cut)


def _telling(reference: str) -> bool:
    cut = words(reference)
    return len(cut) > 1 or any(len(word) >= TELLING or word[:1].isdigit() for word in cut)


def _search(project: Project, examples: Sequence[Example]) -> dict[str, Place]:
    """Read the named documents for the examples that name some, and all documents, one by one, for the others."""
    naming = [example for example in examples if example.documents]
    others = [example for example in examples if not example.documents]
    shelf = dict(project.knowledge.documents({name for e in naming for name in e.documents})) if naming else {}
    cut = {name: None if document is None else words(document.text) for name, document in shelf.items()}
    found: dict[str, Place] = {example.id: _in_named(example, cut) for example in naming}
    return found | (_in_any(others, project.knowledge.documents()) if others else {})


def _in_named(example: Example, shelf: Mapping[str, tuple[str, ...] | None]) -> Place:
    """Of an example that names its documents; `shelf` has None for one that is no longer what was indexed."""
    there = [shelf[name] for name in example.documents if name in shelf]
    if _tell(example, [text for text in there if text is not None]):
        return "wording"
    if any(text is None for text in there):
        return "unknown"
    return "named" if there and not example.facts else "nowhere"


def _in_any(examples: Sequence[Example], documents: Iterable[tuple[str, Document | None]]) -> dict[str, Place]:
    """Of examples that name no document: one document must hold all of the answer."""
    left, changed = list(examples), False
    found: dict[str, Place] = {}
    for _, document in documents:
        if document is None:
            changed = True
            continue
        text = words(document.text)
        vocabulary = set(text)
        here = [e for e in left if _may_tell(e, vocabulary) and _tell(e, [text])]
        found |= {example.id: "wording" for example in here}
        left = [example for example in left if example.id not in found]
    return found | {e.id: "unknown" if changed or not e.facts else "nowhere" for e in left}


def _may_tell(example: Example, vocabulary: set[str]) -> bool:
    """Whether all words of a wording are there at all: spares most searches."""
    groups = example.facts or (example.references,)
    return all(any(vocabulary.issuperset(words(wording)) for wording in group) for group in groups)


def _key(example: Example) -> str:
    """Of everything that the search looks at."""
    return digest([example.documents, example.facts, example.references])


def _file(project: Project, content: str) -> Path:
    return project.workspace.folder / "evidence" / f"{content}.jsonl"
