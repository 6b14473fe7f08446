"""The documents' second version with the questions on what changed: given, made from the first version, or none.

A made one lies in the workspace, found by the files and examples it was made from. The user's files are only read.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from openbook.config import Config
from openbook.core.ids import digest
from openbook.core.types import Document, Example
from openbook.ingest.readers import TextReader, read, reader_for
from openbook.ingest.sources import File
from openbook.project.exam import Exam
from openbook.project.knowledge import Knowledge
from openbook.project.swaps import VERSION, Made, Swap, make
from openbook.workspace import Workspace, read_json, write_json, write_text

MADE = "made.json"


class SecondVersion:
    """See the module; nothing is read or made before it is asked for.

    Args:
        exam: Opens the examples.

    Attributes:
        by: `given`, `made`, or empty where the probe is left out or there is nothing to ask.
    """

    def __init__(self, config: Config, knowledge: Knowledge, workspace: Workspace, exam: Callable[[], Exam]) -> None:
        self._knowledge, self._workspace, self._exam = knowledge, workspace, exam
        self.by = _by(config)
        if self.by == "made":
            knowledge.remade = self._files

    @property
    def questions(self) -> tuple[Example, ...]:
        """On every changed fact, in every wording there is."""
        if self.by == "made":
            return self.made.questions
        return self._exam().updates if self.by else ()

    @cached_property
    def made(self) -> Made:
        """What was exchanged; made once for the same files and examples.

        Raises:
            DataError: An example is wrong.
            DiskFull: No room for the changed documents.
        """
        known = read_json(self._folder / MADE)
        if isinstance(known, dict):
            return _made(known, {name: (self._folder / name).read_bytes().decode() for name in known["texts"]})
        files = self._knowledge.files()
        # What is not kept character for character, as plain text and Markdown are, cannot be written again.
        fixed = [file.name for file in files if not isinstance(reader_for(file.name), TextReader)]
        found = make(_documents(files), self._exam().examples, fixed=fixed)
        for name, text in found.texts.items():
            write_text(self._folder / name, text)
        # Last, so that whoever finds it finds the documents too.
        write_json(self._folder / MADE, {**asdict(found), "texts": sorted(found.texts)})
        return found

    @cached_property
    def _folder(self) -> Path:
        stats = [(file.name, file.path.stat()) for file in self._knowledge.files()]
        files = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
        return self._workspace.second_version(digest([VERSION, files, [asdict(e) for e in self._exam().examples]]))

    def _files(self) -> list[File]:
        changed = self.made.texts
        return [
            replace(file, path=self._folder / file.name) if file.name in changed else file
            for file in self._knowledge.files()
        ]


def _by(config: Config) -> Literal["", "given", "made"]:
    asked, given = config.probes.freshness, bool(config.documents.updates)
    if asked == "made" or (asked == "auto" and not (given and config.examples.updates)):
        return "made"
    return "given" if asked and given else ""


def _documents(files: list[File]) -> list[Document]:
    found = [read(file.path, file.name, file.metadata) for file in files]
    return [document for document in found if isinstance(document, Document)]


def _made(row: Mapping[str, Any], texts: Mapping[str, str]) -> Made:
    return Made(
        swaps=tuple(Swap(**{**swap, "documents": tuple(swap["documents"])}) for swap in row["swaps"]),
        texts=texts,
        questions=tuple(_example(question) for question in row["questions"]),
        touched=tuple(row["touched"]),
        refused=row["refused"],
    )


def _example(row: Mapping[str, Any]) -> Example:
    lists = {key: tuple(row[key]) for key in ("references", "documents", "stale", "tags")}
    return Example(**{**row, **lists, "facts": tuple(tuple(group) for group in row["facts"])})
