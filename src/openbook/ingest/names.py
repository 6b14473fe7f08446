"""Which document does a user mean? Names as people write them, matched to the documents there are."""

import difflib
from collections import defaultdict
from collections.abc import Iterable

from openbook.core.errors import UsageError
from openbook.core.types import document_label


class Names:
    """The known documents, found by name, by the end of their path, or by their label.

    Args:
        known: Names of all documents.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = set(known)
        self._by_tail: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(self._known):
            parts = name.split("/")
            tails = {"/".join(parts[index:]) for index in range(len(parts))}
            for tail in tails | {_without_suffix(tail) for tail in tails}:
                self._by_tail[tail.casefold()].append(name)

    def resolve(self, given: str) -> str:
        """The one document that is meant: its exact name, else the only one whose path ends so, with or without suffix.

        A path with more folders than the name has (from the project's folder down) is understood too.

        Raises:
            UsageError: None or several fit; names the nearest, or all that fit.
        """
        name = given.strip().replace("\\", "/").removeprefix("./")
        if name in self._known:
            return name
        fitting = self._by_tail.get(name.casefold(), [])
        for tail in _tails(name)[1:]:
            # Of a longer path only what is a whole name fits: `ireland/returns.md` is not `uk/returns.md`.
            fitting = fitting or [known for known in self._by_tail.get(tail.casefold(), []) if _whole(known, tail)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            shown = ", ".join(repr(item) for item in fitting[:4])
            raise UsageError(f"the document {given!r} could be any of {len(fitting)}: {shown}. Write more of its path.")
        raise UsageError(self._unknown(given))

    def _unknown(self, given: str) -> str:
        label = document_label(given).casefold()
        labels = {document_label(name).casefold(): name for name in sorted(self._known, reverse=True)}
        close = difflib.get_close_matches(label, labels, n=1)
        hint = f" Did you mean {labels[close[0]]!r}?" if close else ""
        return f"no document named {given!r} among the {len(self._known)} that [documents] finds.{hint}"


def _tails(name: str) -> list[str]:
    """The path itself, then the same without its first folder, and so on: the longest that fits is meant."""
    parts = name.split("/")
    return ["/".join(parts[index:]) for index in range(len(parts))]


def _whole(known: str, tail: str) -> bool:
    return tail.casefold() in (known.casefold(), _without_suffix(known).casefold())


def _without_suffix(name: str) -> str:
    folder, slash, tail = name.rpartition("/")
    return folder + slash + document_label(tail)
