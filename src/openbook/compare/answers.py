"""Asking: one arm, some examples, only what is missing. Every record is on disk before the next one is begun."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event

from openbook.arms import Arm
from openbook.compare.runlog import RunLog
from openbook.core.types import Answer, Delta, Example, Failure, Record

OnRecord = Callable[[Arm, Example, Record], None]


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
    """Answer what is missing of `examples`, appending each record at once. Returns how many were asked."""
    todo = missing(log.records, examples, retry_failures=retry_failures)
    for index, event in arm.stream(todo, cancel) if todo else ():
        if isinstance(event, Delta) or _is_cancelled(event):
            continue
        log.append([event])
        on_record(arm, todo[index], event)
    return len(todo)


def _is_open(record: Record | None, retry_failures: bool) -> bool:
    if record is None:
        return True
    if isinstance(record.result, Failure):
        return retry_failures or record.result.transient
    return False


def _is_cancelled(record: Record) -> bool:
    return isinstance(record.result, Answer) and record.result.finish == "cancelled"
