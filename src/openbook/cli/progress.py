"""A bar with time left, on a terminal; nothing at all where stderr is not one. Knows nothing of what is being done."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import IO, Any

from openbook.core.protocols import Progress, silent

REDRAW_SECONDS = 0.05


@contextmanager
def progress(stream: IO[str] | None = None) -> Iterator[Progress]:
    """A `Progress` that draws on stderr while the block runs.

    One bar for each `what`; the bar before it is finished when another `what` begins. A total of 0 means unknown.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=stream),
    )
    with bars:
        yield _Drawn(bars)


class _Drawn:
    """Callable from several threads; redraws at most twenty times a second."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}
        self._drawn = 0.0
        self._current = ""
        self._lock = Lock()

    def __call__(self, done: int, total: int, what: str) -> None:
        with self._lock:
            now = time.monotonic()
            if what == self._current and done != total and now - self._drawn < REDRAW_SECONDS:
                return
            self._drawn = now
            if what != self._current:
                self._finish_current()
                self._current = what
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(what, total=total or None)
            self._bars.update(self._tasks[what], completed=done, total=total or None)

    def _finish_current(self) -> None:
        task = self._tasks.get(self._current)
        if task is not None:
            self._bars.stop_task(task)
