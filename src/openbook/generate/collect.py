"""A generator's stream, collected: n requests in, n answers or failures out, in order. Knows no back end."""

from collections.abc import Sequence
from threading import Event

from openbook.core.protocols import Generator
from openbook.core.types import Answer, Delta, Failure, Request


def generate(generator: Generator, requests: Sequence[Request], cancel: Event | None = None) -> list[Answer | Failure]:
    """Answer all requests and return when the last is done.

    Raises:
        RuntimeError: The generator ended without a result for each request, which its conformance suite forbids.
    """
    results: dict[int, Answer | Failure] = {}
    for index, event in generator.stream(requests, cancel):
        if not isinstance(event, Delta):
            results[index] = event
    missing = [index for index in range(len(requests)) if index not in results]
    if missing:
        raise RuntimeError(f"generator {generator.name!r} gave no result for requests {missing[:5]}")
    return [results[index] for index in range(len(requests))]
