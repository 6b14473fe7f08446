"""Answers from a Python function of the project's: a question in, a text (or a row) out, one after the other.

The function runs in this process with the user's rights, and is loaded at the first question. What a row may hold:
`openbook.generate.outside`. Knows nothing of what the function does.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from openbook.core.calls import importable, load_call, parse_call, source_of
from openbook.core.ids import digest
from openbook.core.types import Answer, Delta, Failure, Request
from openbook.generate.outside import cancelled, events, failure, question, reply

VERSION = 1


class CallGenerator:
    """A generator over a function.

    Args:
        call: `file.py:function` or `package.module:function`; the function takes the question's text.
        root: The project's folder, which files are relative to.

    Raises:
        ConfigError: No such module.
    """

    def __init__(self, call: str, *, root: Path) -> None:
        self.name = f"call:{call}"
        self._call = parse_call(call, root=root, what=f"The model {self.name!r}", key="name")
        self.fingerprint = digest(["call", VERSION, call, source_of(self._call)])

    @cached_property
    def _function(self) -> Callable[..., Any]:
        return load_call(self._call)[0]

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """See `openbook.core.protocols.Generator`. Tokens are what the function says; answers are cut by words.

        Raises:
            ConfigError: The module does not load, or has no such function.
        """
        for index, request in enumerate(requests):
            stopped = cancel is not None and cancel.is_set()
            yield from events(index, cancelled(request) if stopped else self._answer(request))

    def _answer(self, request: Request) -> Answer | Failure:
        function, started = self._function, time.perf_counter()
        try:
            # What it prints must not stand in the middle of our own output.
            with importable(self._call.root), redirect_stdout(sys.stderr):
                row = function(question(request))
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything; it is kept as a Failure
            passing = isinstance(error, TimeoutError | ConnectionError)
            return failure(f"{self.name} raised {error!r}.", error=type(error).__name__, transient=passing)
        return reply(row, request, who=self.name, seconds=time.perf_counter() - started)
