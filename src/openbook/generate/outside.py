"""What a system that is not ours says to one question: a row of plain values, checked, as an answer or a failure.

A row holds `text`, or `error` where the system could not answer; beside it `usage` (`input_tokens`, `output_tokens`),
`passages` (each `document` and `text`) and `seconds`, as far as the system tells them. Further keys are passed over.
Knows nothing of how the row came.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from openbook.core.types import Answer, Chunk, Delta, Failure, Hit, Request, Usage
from openbook.generate.quote import limited


def question(request: Request) -> str:
    """What an outside system is asked: the last message, which for an external arm is the bare question."""
    return request.messages[-1].content


def reply(row: Any, request: Request, *, who: str, seconds: float) -> Answer | Failure:
    """The answer in a row (or in a text alone), cut at the request's limits; a failure where the row holds none.

    Args:
        who: The system's name, for the failure's sentence.
        seconds: What the answer took, unless the row tells.
    """
    found: Any = {"text": row} if isinstance(row, str) else row
    if isinstance(found, Mapping) and found.get("error"):
        return failure(f"{who} could not answer: {found['error']}", error="OutsideError")
    problem = _problem(found)
    if problem:
        return failure(f"{who}: {problem}", error="BadReply")
    text, cut = limited(found["text"], request)
    took = float(found.get("seconds") or seconds)
    return Answer(
        text=text,
        # Passages that we showed are the ones the answer rests on; else those that the system says it used.
        hits=request.hits or tuple(_hits(found.get("passages") or ())),
        finish="length" if cut else "stop",
        prompt=request.hash,
        usage=Usage(**{name: found["usage"].get(name, 0) for name in TOKENS}) if found.get("usage") else Usage(),
        seconds={"first_token": took, "generate": took},
    )


def failure(message: str, *, error: str, transient: bool = False) -> Failure:
    return Failure(stage="generate", error=error, message=message, transient=transient)


def cancelled(request: Request) -> Answer:
    return Answer(text="", hits=request.hits, finish="cancelled", prompt=request.hash)


def events(index: int, result: Answer | Failure) -> Iterator[tuple[int, Delta | Answer | Failure]]:
    """A whole result as a stream tells it: its text in one piece, then the result."""
    if isinstance(result, Answer) and result.text:
        yield index, Delta(text=result.text)
    yield index, result


TOKENS = ("input_tokens", "output_tokens")


def _problem(row: Any) -> str:
    """What is wrong with a row; empty where nothing is."""
    if not isinstance(row, Mapping):
        return f"an answer is a text or an object with `text`, not {_shown(row)}."
    if not isinstance(row.get("text"), str):
        return f"the answer has no `text`: {_shown(dict(row))}."
    usage, passages, seconds = row.get("usage"), row.get("passages"), row.get("seconds")
    if usage is not None and not (isinstance(usage, Mapping) and all(_is_count(usage.get(name, 0)) for name in TOKENS)):
        return f"`usage` is an object with `input_tokens` and `output_tokens`, not {_shown(usage)}."
    if passages is not None and not (isinstance(passages, list | tuple) and all(map(_is_passage, passages))):
        return f"`passages` is a list of objects with `document` and `text`, not {_shown(passages)}."
    if seconds is not None and not _is_seconds(seconds):
        return f"`seconds` is a number from 0, not {_shown(seconds)}."
    return ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_passage(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(value.get(key), str) for key in ("document", "text"))


def _hits(passages: Any) -> Iterator[Hit]:
    """Foreign passages as hits, in the given order. Where they stand in their document is not known."""
    for place, passage in enumerate(passages):
        text = passage["text"]
        yield Hit(chunk=Chunk(document=passage["document"], text=text, start=0, end=len(text)), score=1.0 / (1 + place))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
