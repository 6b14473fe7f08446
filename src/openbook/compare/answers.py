"""Asking: one arm, some examples, only what is missing. Every record is on disk before the next one is begun."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event

from openbook.arms import Arm
from openbook.compare.runlog import RunLog
from openbook.core.errors import EndpointError
from openbook.core.types import Answer, Delta, Example, Failure, Record

OnRecord = Callable[[Arm, Example, Record], None]

HOPELESS = 5
"""So many failures in a row that may pass by themselves, and no answer between them: nobody is there to answer."""


def unheard(arm: Arm, example: Example, record: Record) -> None:
    """An `OnRecord` for nobody."""


def missing(
    records: Mapping[str, Record], examples: Sequence[Example], *, retry_failures: bool = False
) -> list[Example]:
    """Examples without a record, cut short by a cancel, or failed in a way that may pass by itself.

    Args:
        retry_failures: Ask again for every failure, the deterministic ones too.
    """
    return [example for example in examples if _is_open(records.get(example.key), retry_failures)]


def ask(
    arm: Arm,
    examples: Sequence[Example],
    log: RunLog,
    *,
    retry_failures: bool = False,
    cancel: Event | None = None,
    on_record: OnRecord = unheard,
) -> int:
    """Answer what is missing of `examples`, appending each record at once. Returns how many were asked.

    Raises:
        EndpointError: Several answers in a row failed in a way that may pass by itself: the rest is not asked. What was
            recorded stays, and is asked again at the next call.
    """
    todo = missing(log.records, examples, retry_failures=retry_failures)
    failing = 0
    for index, event in arm.stream(todo, cancel) if todo else ():
        if isinstance(event, Delta) or _is_cancelled(event):
            continue
        log.append([event])
        on_record(arm, todo[index], event)
        failing = failing + 1 if _may_pass(event) else 0
        if failing >= HOPELESS and isinstance(event.result, Failure):
            raise EndpointError(_nobody_there(arm, failing, event.result), transient=True)
    return len(todo)


def _is_open(record: Record | None, retry_failures: bool) -> bool:
    if record is None or _may_pass(record):
        return True
    return retry_failures and isinstance(record.result, Failure)


def _may_pass(record: Record) -> bool:
    return isinstance(record.result, Failure) and record.result.transient


def _is_cancelled(record: Record) -> bool:
    return isinstance(record.result, Answer) and record.result.finish == "cancelled"


def _nobody_there(arm: Arm, failing: int, last: Failure) -> str:
    return (
        f"{failing} questions in a row got no answer from {arm.generator.name} (arm {arm.name!r}), the last one because:"
        f" {last.message} What was answered is kept; run the same command again to go on."
    )
