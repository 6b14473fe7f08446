"""An answer's text while it is being written: what may be shown already, and where it ends.

Deltas can not be taken back, so text is held while it may still turn into a stop string, is white space at the end, or
is the beginning of a character whose bytes have not all come. Knows nothing of models or endpoints.
"""

from collections.abc import Sequence

INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class Draft:
    """One answer in the making.

    Args:
        stop: The text ends before the first of these.

    Attributes:
        text: What has been given out so far; at the end the whole answer, without white space at either side.
        stopped: A stop string has come: nothing more will be taken.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = [mark for mark in stop if mark]
        self.text = ""
        self.stopped = False

    def grow(self, whole: str) -> str:
        """Take the whole raw text as it stands now; return the part that is new and final."""
        if self.stopped:
            return ""
        ends = [place for place in (whole.find(mark) for mark in self._stop) if place >= 0]
        if ends:
            self.stopped = True
            return self._give(whole[: min(ends)])
        return self._give(whole[: len(whole) - self._held(whole)])

    def finish(self, whole: str) -> str:
        """Take the whole raw text, to which nothing will be added; return the rest."""
        return self.grow(whole) if self.stopped or self._has_stop(whole) else self._give(whole.rstrip(INCOMPLETE))

    def _has_stop(self, whole: str) -> bool:
        return any(mark in whole for mark in self._stop)

    def _held(self, whole: str) -> int:
        open_character = len(whole) - len(whole.rstrip(INCOMPLETE))
        body = whole[: len(whole) - open_character]
        longest = max((len(mark) for mark in self._stop), default=1)
        for size in range(min(longest - 1, len(body)), 0, -1):
            if any(mark.startswith(body[-size:]) for mark in self._stop):
                return open_character + size
        return open_character

    def _give(self, whole: str) -> str:
        ready = whole.strip()
        new = ready[len(self.text) :]
        self.text += new
        return new
