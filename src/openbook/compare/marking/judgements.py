"""What a judge said, on disk: asked only for what it has not said yet, every reply kept before the next. Knows no criterion.

Replies lie in `.openbook/judgements/<id>.jsonl`; the id is that of the judge's model, criterion and settings, so another
criterion begins another file and nothing is asked twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from openbook.compare.leaving import asked_at
from openbook.core import jsonl
from openbook.core.errors import ConfigError, EndpointError, disk_errors
from openbook.core.protocols import Generator
from openbook.core.types import Answer, Delta, Failure, Request
from openbook.project import Project

HOPELESS = 5
"""So many transient failures in a row: nobody is there to judge."""

Heard = Callable[[int, int], None]
Asked = Sequence[tuple[str, Request]]
"""(key, request), in order."""


def unheard(done: int, total: int) -> None:
    """Nobody listens."""


def check_private(project: Project) -> None:
    """A judge that would be shown texts elsewhere is refused where none may leave this machine.

    Raises:
        ConfigError: It is so.
    """
    judge = project.judging_model
    if project.config.judge.model and project.config.constraints.private and (host := asked_at(judge)):
        raise ConfigError(
            f"[constraints] private: the judge {judge.name} would be shown questions and answers at {host}. Name a judge on"
            " this machine, or leave `private` out."
        )


def log(project: Project, name: str) -> Path:
    """The file of a judge's replies."""
    return project.workspace.folder / "judgements" / f"{name}.jsonl"


def said(file: Path) -> dict[str, str | Failure]:
    """Key → the last reply to it."""
    found: dict[str, str | Failure] = {}
    for row in jsonl.read(file):
        found[row["key"]] = (
            row["said"]
            if "said" in row
            else Failure(stage="judge", error=row["error"], message=row["message"], transient=row["transient"])
        )
    return found


def open_questions(file: Path, asked: Asked) -> dict[str, Request]:
    """What of it has no reply yet, or one that failed in a way that may pass."""
    known = said(file)
    return {key: one for key, one in asked if _is_open(known.get(key))}


def _is_open(reply: str | Failure | None) -> bool:
    return reply is None or (isinstance(reply, Failure) and reply.transient)


def ask(project: Project, file: Path, asked: Asked, *, cancel: Event | None = None, heard: Heard = unheard) -> None:
    """Ask the project's judge what was not asked yet.

    Raises:
        EndpointError: Several judgements in a row failed in a way that may pass; the rest is not asked.
    """
    todo, failing = open_questions(file, asked), 0
    if not todo:
        return
    for done, (key, result) in enumerate(_replies(project.judging_generator, todo, cancel), start=1):
        with disk_errors(str(file)):
            jsonl.append(file, [_row(key, result)])
        heard(done, len(todo))
        failing = failing + 1 if isinstance(result, Failure) and result.transient else 0
        if failing >= HOPELESS and isinstance(result, Failure):
            raise EndpointError(
                f"{failing} questions in a row got no answer from the judge, the last one because: {result.message} What"
                " was judged is kept; run the same command again to go on.",
                transient=True,
            )


def _replies(
    generator: Generator, todo: Mapping[str, Request], cancel: Event | None
) -> Iterator[tuple[str, Answer | Failure]]:
    keys = list(todo)
    for index, event in generator.stream(list(todo.values()), cancel):
        if not isinstance(event, Delta) and not (isinstance(event, Answer) and event.finish == "cancelled"):
            yield keys[index], event


def _row(key: str, result: Answer | Failure) -> dict[str, Any]:
    if isinstance(result, Answer):
        return {"key": key, "said": result.text}
    return {"key": key, "error": result.error, "message": result.message, "transient": result.transient}
