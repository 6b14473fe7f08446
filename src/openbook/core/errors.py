"""Every error a user can meet, each a sentence: what failed, why, what to do.

    OpenbookError                exit code 1: something failed while running
    ├── UsageError               exit code 2: the call, the configuration or an input file is wrong
    │   ├── ConfigError          openbook.toml
    │   └── DataError            a document or an example file; carries file and line
    ├── MissingExtra             exit code 2: an optional package is not installed; names the pip line
    ├── ModelError               a model that is not there, does not load, or does not fit
    │   └── AdapterMismatch      an adapter of another base model
    ├── IndexMismatch            an index made by another embedder or other chunk settings
    ├── StoreError               an index that cannot be read or written
    ├── Busy                     another process writes to this project
    ├── EndpointError            an endpoint that is down or answers garbage; `transient` says whether to retry
    ├── DiskFull                 no room left; nothing that was written is lost
    └── GateNotMet               exit code 3: a `--require` did not hold

Foreign errors are turned into these where they enter.
"""

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class OpenbookError(Exception):
    """Base of the tree. `str(error)` is the sentence shown to the user."""

    exit_code = 1


class UsageError(OpenbookError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class DataError(UsageError):
    """A problem in a user's file; the sentence begins with `file:line`."""

    def __init__(self, message: str, *, path: Path | str | None = None, line: int | None = None) -> None:
        where = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(where + message)


class MissingExtra(OpenbookError):
    exit_code = 2

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"This needs the package {package!r}. Install it with: pip install 'openbook[{extra}]'")


class ModelError(OpenbookError):
    pass


class AdapterMismatch(ModelError):
    pass


class IndexMismatch(OpenbookError):
    pass


class StoreError(OpenbookError):
    pass


class Busy(OpenbookError):
    pass


class EndpointError(OpenbookError):
    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


class DiskFull(OpenbookError):
    pass


class GateNotMet(OpenbookError):
    exit_code = 3


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`no store named 'sqllite'. Did you mean 'sqlite'? Known: …`."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"no {kind} named {name!r}.{hint} Known: {', '.join(names)}."


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn a full disk, a spent quota or a file-size limit into a `DiskFull` sentence naming what was being written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                f"The disk is full: could not write {what}. Everything written before is safe; free some room and run"
                " the same command again, it goes on where it stopped."
            ) from error
        raise
