"""Who watches a comparison in tests, remembers what happened, and may stop it."""

from collections import Counter
from threading import Event
from typing import Any


class Stages:
    """Remembers the stages, and cancels after some answers of one of them."""

    def __init__(self, *, stop_in: str = "", after: int = 0) -> None:
        self.names: list[str] = []
        self.cancel = Event()
        self._stop_in, self._after = stop_in, after

    def stage(self, name: str) -> None:
        self.names.append(name)

    def progress(self, done: int, total: int, what: str) -> None:
        assert 0 <= done <= total
        if what == self._stop_in and done >= self._after:
            self.cancel.set()

    def answered(self, *_: Any) -> None:
        return


class Listener:
    """Remembers the stages and counts answers by arm; interrupts at the third step of what holds `stop` in its name."""

    def __init__(self, stop: str = "") -> None:
        self.stages: list[str] = []
        self.answers: Counter[str] = Counter()
        self._stop = stop

    def stage(self, name: str) -> None:
        self.stages.append(name)

    def progress(self, done: int, total: int, what: str) -> None:
        assert 0 <= done <= total
        if self._stop and self._stop in what and done == 3:
            raise KeyboardInterrupt

    def answered(self, arm: Any, example: Any, record: Any) -> None:
        self.answers[arm.name] += 1
