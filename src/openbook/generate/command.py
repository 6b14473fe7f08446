"""Answers from a command of the user's: questions go in as JSON lines, answers come out as JSON lines, in any order.

In: `{"id": …, "input": …}`. Out: `{"id": …, "text": …}` and what `openbook.generate.outside` lists. The command runs in
the project's folder, without a shell, once for all questions that are asked together; its input ends after the last
one. Knows nothing of what the command is.
"""

import json
import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO, Any

from openbook.core.errors import UsageError
from openbook.core.ids import digest, file_sha256
from openbook.core.types import Answer, Delta, Failure, Request
from openbook.generate.outside import cancelled, events, failure, question, reply

VERSION = 1
POLL_SECONDS = 0.05
GRACE_SECONDS = 2.0
"""A command that has answered everything may take so long to end by itself."""
LONGEST_LINE = 4_000_000
TAIL = 600
"""Bytes of the command's last words on stderr that a failure repeats."""
LARGE_BYTES = 64_000_000
"""A larger file among the command's words (weights) counts by its size and date: reading it would take seconds."""


class CommandGenerator:
    """A generator over a command.

    Args:
        command: Program and arguments, quoted as in a shell; no shell is involved.
        root: The project's folder, where it runs.
        timeout: Seconds without a new answer after which it is stopped.

    Raises:
        UsageError: No such program.
    """

    def __init__(self, command: str, *, root: Path, timeout: float = 60.0) -> None:
        self.name = f"command:{command}"
        self._root, self._timeout = root, timeout
        self._words = _words(command)
        _check_program(self._words[0], root)
        files = {word: _content(root / word) for word in self._words if (root / word).is_file()}
        self.fingerprint = digest(["command", VERSION, self._words, files])

    def stream(
        self, requests: Sequence[Request], cancel: Event | None = None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """See `openbook.core.protocols.Generator`. Tokens are what the command says; answers are cut by words."""
        if not requests:
            return
        if cancel is not None and cancel.is_set():
            yield from ((index, cancelled(request)) for index, request in enumerate(requests))
            return
        talk = _Talk(names=_names(requests))
        process = self._start()
        try:
            _attend(process, talk, requests)
            yield from self._listen(process, talk, requests, cancel)
            _let_end(process)
        finally:
            _end(process)

    def _start(self) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                self._words,
                cwd=self._root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # A group of its own, so that what the command starts ends with it.
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"{self.name} does not start: {error.strerror}. Correct the command.") from error

    def _listen(
        self, process: "subprocess.Popen[bytes]", talk: "_Talk", requests: Sequence[Request], cancel: Event | None
    ) -> Iterator[tuple[int, Delta | Answer | Failure]]:
        """Results as they come, then a failure for each question that got none."""
        waiting, last = dict(enumerate(requests)), time.monotonic()
        late = False
        while waiting and not late:
            if cancel is not None and cancel.is_set():
                yield from ((index, cancelled(request)) for index, request in waiting.items())
                return
            try:
                line = talk.lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                late = time.monotonic() - last > self._timeout
                continue
            if line is None:
                break
            index, row = talk.understood(line, waiting)
            if index is not None:
                now = time.monotonic()
                yield from events(index, reply(row, waiting.pop(index), who=self.name, seconds=now - last))
                last = now
            late = time.monotonic() - last > self._timeout
        if waiting:
            why = self._why(process, talk, late=late)
            yield from ((index, why) for index in waiting)

    def _why(self, process: "subprocess.Popen[bytes]", talk: "_Talk", *, late: bool) -> Failure:
        """Why a question has no answer: what the command did, and its last words."""
        code = 0
        if late:
            said = f"{self.name} gave no answer within {self._timeout:g} s and was stopped."
        else:
            code = _let_end(process)
            said = f"{self.name} ended without an answer to this question."
            if code:
                said = f"{self.name} ended with exit code {code} before it answered this question."
        _end(process)
        return failure(said + talk.told(), error="TimedOut" if late else "NoAnswer", transient=late or code != 0)


@dataclass(slots=True, kw_only=True)
class _Talk:
    """What goes to and fro.

    Attributes:
        names: The name that each request has on the wire → its place.
        lines: What the command writes; None at the end of it.
        stray: Lines that were no answers to anything.
        again: Answers to questions that had one already; the first one counts.
    """

    names: dict[str, int]
    lines: "queue.SimpleQueue[bytes | None]" = field(default_factory=queue.SimpleQueue)
    stray: list[bytes] = field(default_factory=list)
    again: int = 0
    words: bytes = b""
    heard: Event = field(default_factory=Event)

    def understood(self, line: bytes, waiting: dict[int, Request]) -> tuple[int | None, Any]:
        """Which request a line answers, and its row; None for a line that answers none that still waits."""
        if not line.strip():
            return None, None
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        index = self.names.get(str(row.get("id"))) if isinstance(row, dict) else None
        if index is None:
            self.stray.append(line[:80])
        elif index not in waiting:
            self.again += 1
        else:
            return index, row
        return None, None

    def told(self) -> str:
        """What else went wrong, as further sentences."""
        parts = []
        if self.stray:
            first = self.stray[0].decode("utf-8", "replace").strip()
            parts.append(f"Lines that were no answers: {len(self.stray)}, the first {first!r}.")
        if self.again:
            parts.append(f"Answers to a question that had one already: {self.again}.")
        self.heard.wait(GRACE_SECONDS)
        words = self.words.decode("utf-8", "replace").strip()
        if words:
            parts.append(f"Its stderr ends: {words}")
        return "".join(f" {part}" for part in parts)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"command:{command} cannot be taken apart: {error}. Correct its quotes.") from error
    if not words:
        raise UsageError("command: names no program. Write it as 'command:./bot.sh --flag'.")
    return words


def _check_program(program: str, root: Path) -> None:
    """Say before anything runs that a program is not there."""
    if "/" not in program:
        if shutil.which(program) is None:
            raise UsageError(f"There is no program {program!r} on this machine. Install it, or correct the command.")
        return
    file = root / program
    if not file.is_file():
        raise UsageError(f"There is no program at {str(file)!r}. A command is relative to the project's folder.")
    if not os.access(file, os.X_OK):
        raise UsageError(f"{str(file)!r} may not be run. Allow it with: chmod +x {shlex.quote(str(file))}")


def _content(file: Path) -> str:
    found = file.stat()
    if found.st_size > LARGE_BYTES:
        return digest([found.st_size, found.st_mtime_ns])
    return file_sha256(file)


def _names(requests: Sequence[Request]) -> dict[str, int]:
    """Names on the wire: the examples' ids where every request has one of its own, else numbers."""
    ids = [request.id for request in requests]
    if all(ids) and len(set(ids)) == len(ids):
        return {name: index for index, name in enumerate(ids)}
    return {str(index): index for index in range(len(ids))}


def _attend(process: "subprocess.Popen[bytes]", talk: _Talk, requests: Sequence[Request]) -> None:
    """Write, read and overhear at once: a command that fills one pipe must not wait for us at another."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    rows = [{"id": name, "input": question(requests[index])} for name, index in talk.names.items()]
    for target, arguments in (
        (_say, (process.stdin, rows)),
        (_hear, (process.stdout, talk)),
        (_overhear, (process.stderr, talk)),
    ):
        threading.Thread(target=target, args=arguments, daemon=True).start()


def _say(pipe: IO[bytes], rows: Sequence[dict[str, str]]) -> None:
    try:
        with pipe:
            for row in rows:
                # ASCII: a command may read its input in any locale.
                pipe.write(json.dumps(row).encode("ascii") + b"\n")
    except (BrokenPipeError, ValueError):
        # It stopped reading, or was ended: its missing answers tell.
        return


def _hear(pipe: IO[bytes], talk: _Talk) -> None:
    try:
        while line := pipe.readline(LONGEST_LINE):
            talk.lines.put(line)
    finally:
        talk.lines.put(None)


def _overhear(pipe: IO[bytes], talk: _Talk) -> None:
    try:
        while part := os.read(pipe.fileno(), 4096):
            talk.words = (talk.words + part)[-TAIL:]
    finally:
        talk.heard.set()


def _let_end(process: "subprocess.Popen[bytes]") -> int:
    """The exit code, after a while to end in."""
    try:
        return process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return 0


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop the command and whatever it started, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
