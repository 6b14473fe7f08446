"""A project's labelled examples: loaded, grouped, divided. Knows nothing of arms, models or the index."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from openbook.config import Config
from openbook.core.types import Example
from openbook.ingest.examples import load
from openbook.ingest.groups import Groups, group
from openbook.ingest.splits import Division, divide


class Exam:
    """The examples of a project.

    Args:
        root: The project's folder.
        config: Its configuration.
        documents: Names of all documents, which examples refer to.
    """

    def __init__(self, root: Path, config: Config, documents: Sequence[str]) -> None:
        self._root = root
        self._config = config
        self._documents = documents

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """Every labelled example, checked.

        Raises:
            DataError: With file and line.
        """
        section = self._config.examples
        return load(self._root / section.source, fields=section.fields, documents=self._documents)

    @cached_property
    def updates(self) -> tuple[Example, ...]:
        """The freshness questions; empty where none are given."""
        source = self._config.examples.updates
        if not source:
            return ()
        return load(self._root / source, documents=self._documents, references=False)

    @cached_property
    def groups(self) -> Groups:
        """Which examples belong together."""
        return group(self.examples)

    @cached_property
    def division(self) -> Division:
        """Train, dev and test; no group stands on both sides of a `new` split."""
        split = self._config.examples.split
        return divide(self.examples, self.groups, test=split.test, seen=split.seen, seed=split.seed)

    def studying(self, train: Sequence[Example], dev: Sequence[Example]) -> "Exam":
        """The same exam with other examples to study and to watch; what is asked stays."""
        made = copy(self)
        made.division = replace(self.division, train=tuple(train), dev=tuple(dev))
        return made
