"""The two piles of texts that a style's check `like` learns from: the house's own, and others. Knows no classifier.

The house's are the training references, and no others: test answers are never held against their own references. The
others are sentences of the documents, for they speak of the same things in another voice, or a file of the project's.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from statistics import median

from openbook.core import jsonl
from openbook.core.errors import DataError
from openbook.core.ids import digest
from openbook.core.types import Document
from openbook.generate.sentences import sentences
from openbook.ingest.readers import read
from openbook.project import Project
from openbook.score.likeness import Text

MOST = 1000
"""Texts of a kind: more would make a report slower, not surer."""
PIECES = 5
"""Texts drawn from one document, so that no document makes up the pile."""


class House:
    """A project's texts, read when first asked for.

    Args:
        project: Its training examples and documents.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def references(self) -> tuple[Text, ...]:
        """The answerable training examples' first references, with their groups."""
        exam = self._project.exam
        drawn = sorted(exam.division.train, key=lambda example: digest(["house", example.id]))
        texts = [Text(text=e.reference, group=exam.groups.keys[e.id]) for e in drawn if e.answerable and e.references]
        return tuple(texts[:MOST])

    @cached_property
    def documents(self) -> tuple[Text, ...]:
        """Whole sentences of the documents, about as many and as long as the references; a document is a group."""
        length = round(median(len(one.text.split()) for one in self.references)) if self.references else 1
        found: list[Text] = []
        for file in sorted(self._project.knowledge.files(), key=lambda file: digest(["house", file.name])):
            if len(found) >= len(self.references):
                break
            document = read(file.path, file.name, file.metadata)
            if isinstance(document, Document):
                texts = sorted(set(_pieces(document.text, length)), key=digest)[:PIECES]
                found += [Text(text=text, group=file.name) for text in texts]
        return tuple(found[: len(self.references)])

    def others(self, against: str) -> tuple[Sequence[Text], str]:
        """The others, from the documents or the file `against`, and what to call them.

        Raises:
            DataError: The file is not there, or a line of it is not a text.
        """
        if not against:
            return self.documents, "sentences of the documents"
        texts = list(_read_texts(self._project.root / against))
        return sorted(texts, key=lambda one: digest([one.text, one.group]))[:MOST], f"texts of {against}"


def _pieces(text: str, length: int) -> Iterator[str]:
    """Runs of whole sentences of at least `length` words; headings and tables are left out."""
    run: list[str] = []
    for start, end in sentences(text):
        sentence = text[start:end]
        if sentence.startswith(("#", "|")):
            continue
        run += sentence.split()
        if len(run) >= length:
            yield " ".join(run)
            run = []


def _read_texts(path: Path) -> Iterator[Text]:
    for number, row in jsonl.given(path, setting="`against`"):
        text = row.get("text") if isinstance(row, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise DataError('each line must be an object with a `text`, e.g. {"text": "…"}.', path=path, line=number)
        yield Text(text=text, group=str(row.get("group", f"line {number}")))
