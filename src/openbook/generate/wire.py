"""The chat-completions wire: a request's body, and what a response means, whole or as server-sent events.

Knows nothing of threads or of how often to try.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from openbook.core.errors import EndpointError
from openbook.core.types import Request, Usage

TRANSIENT = {408, 409, 425, 429}
MENDABLE = {401, 403, 404}
"""A key, a permission, a model's name: not worth another attempt now, but asked again once somebody has seen to it."""
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 120.0
QUOTED = 200
LONGEST_BODY = 16 << 20
SPELLINGS = {"max_tokens": "max_completion_tokens"}
"""Parameters that some endpoints know by another name, and say so."""
DISPENSABLE = ("stream_options", "seed")
"""Parameters that some endpoints refuse and an answer can do without."""
LABEL = "label"
"""Name of the schema, and of its one key, that an answer which is one of some choices is asked for by."""
LABEL_TOKENS = 24
"""Allowed on top of the longest answer for the JSON around a label."""
STOPS_SENT = 4
"""The protocol allows no more stop strings; all of them are also looked for here."""

Hide = Callable[[str], str]


class Throttled(EndpointError):
    """The endpoint said when to come back."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message, transient=True)
        self.seconds = seconds


@dataclass(slots=True, kw_only=True)
class Reply:
    """What has been read of a response so far."""

    text: str = ""
    finish: str = ""
    usage: Usage = field(default_factory=Usage)
    complete: bool = False


def body_of(model: str, request: Request, refused: frozenset[str]) -> dict[str, Any]:
    """The JSON body; parameters that this endpoint refused are left out or spelled its way."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.stop and not request.choices:
        body["stop"] = list(request.stop[:STOPS_SENT])
    if request.schema is not None:
        body["response_format"] = _json_schema("answer", request.schema)
    elif request.choices:
        body["response_format"] = _json_schema(LABEL, _one_of(request.choices))
        body["max_tokens"] = request.max_tokens + LABEL_TOKENS
    for name in refused:
        value = body.pop(name, None)
        if name in SPELLINGS and value is not None:
            body[SPELLINGS[name]] = value
    return body


def _json_schema(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    strict = _closed(dict(schema))
    return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema), "strict": strict}}


def _one_of(choices: Sequence[str]) -> dict[str, Any]:
    """An object, since that is all that some endpoints take, whose one value is a choice."""
    label = {"type": "string", "enum": list(choices)}
    return {"type": "object", "properties": {LABEL: label}, "required": [LABEL], "additionalProperties": False}


def given_choice(text: str, choices: Sequence[str]) -> str:
    """The choice in a reply; the reply as it stands where it holds none, as an endpoint's may that takes no schema."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    found = value.get(LABEL) if isinstance(value, dict) else value
    return found if isinstance(found, str) and found in choices else text


def refuses(response: httpx.Response, body: Mapping[str, Any]) -> str | None:
    """The parameter that a 400 or 422 is about, where the request can go without it or spell it otherwise."""
    if response.status_code not in (400, 422):
        return None
    said = response.text[:4096]
    marks = {**SPELLINGS, **{name: name for name in DISPENSABLE}}
    if body.get("response_format", {}).get("json_schema", {}).get("name") == LABEL:
        # Without it the answer is free text, in which a label can still be found.
        marks["response_format"] = "response_format"
    return next((name for name, mark in marks.items() if name in body and mark in said), None)


def read(response: httpx.Response, reply: Reply, host: str, hide: Hide) -> Iterator[None]:
    """Fill a reply piece by piece, from server-sent events or from one JSON object.

    Raises:
        EndpointError: The body is neither, or carries an error.
    """
    whole: list[str] = []
    events = False
    for line in _lines(response, host):
        if not events and not whole and line.startswith(("data:", "event:", "id:", "retry:", ":")):
            events = True
        if not events:
            whole.append(line)
        elif line.startswith("data:"):
            _take_event(line.removeprefix("data:").strip(), reply, host, hide)
            yield
    if not events:
        _take(_json("\n".join(whole), host, hide), "message", reply, host, hide)
        reply.complete = True
        yield


def _take_event(data: str, reply: Reply, host: str, hide: Hide) -> None:
    if data == "[DONE]":
        reply.complete = True
    elif data:
        _take(_json(data, host, hide), "delta", reply, host, hide)


def _take(value: Any, part: str, reply: Reply, host: str, hide: Hide) -> None:
    if not isinstance(value, dict):
        raise _garbage(json.dumps(value), host, hide)
    if value.get("error"):
        raise EndpointError(f"{host} broke off with an error: {_quoted(_message(value), hide)}", transient=True)
    try:
        for choice in (value.get("choices") or [])[:1]:
            piece = choice.get(part) or {}
            reply.text += piece.get("content") or piece.get("refusal") or ""
            if choice.get("finish_reason"):
                reply.finish, reply.complete = str(choice["finish_reason"]), True
        used = value.get("usage")
        if used:
            reply.usage = Usage(
                input_tokens=int(used.get("prompt_tokens") or 0),
                output_tokens=int(used.get("completion_tokens") or 0),
            )
    except (AttributeError, TypeError, ValueError) as error:
        raise _garbage(json.dumps(value), host, hide) from error
    if part == "message" and "choices" not in value:
        raise _garbage(json.dumps(value), host, hide)
    if reply.finish == "content_filter":
        raise EndpointError(f"{host} withheld the answer: its content filter stopped it.", transient=False)


def status_error(response: httpx.Response, host: str, hide: Hide) -> EndpointError:
    """What an HTTP status of 400 or more means, in a sentence with what the endpoint said."""
    code = response.status_code
    try:
        said = _message(response.json())
    except ValueError:
        said = response.text
    transient = code in TRANSIENT or code in MENDABLE or code >= 500
    sentence = f"{host} answered {code} ({response.reason_phrase or 'no reason'}): {_quoted(said, hide)}"
    if code in (401, 403):
        sentence += ". Check the key and that it may use this model."
    if code == 404:
        sentence += ". Check the model's name and base_url."
    after = _retry_after(response)
    if code in MENDABLE or "insufficient_quota" in response.text:
        after = math.inf
    return Throttled(sentence, seconds=after) if transient and after is not None else _error(sentence, transient)


def pause(error: EndpointError, attempt: int, base: float, chance: float) -> float | None:
    """Seconds to wait before the next attempt: what the endpoint asked for, else doubled each time, with jitter.

    Args:
        attempt: How many were made, from 1.
        base: Seconds before the second attempt.
        chance: In [0, 1): how far between half and all of the wait.

    Returns:
        None where the endpoint asks for longer than is worth waiting.
    """
    if isinstance(error, Throttled):
        return error.seconds if error.seconds <= LONGEST_RETRY_AFTER else None
    return min(LONGEST_PAUSE, base * 2.0 ** (attempt - 1)) * (0.5 + chance / 2)


def _lines(response: httpx.Response, host: str) -> Iterator[str]:
    """Lines ending in a newline, and in nothing else that counts as one in Unicode but may stand inside JSON."""
    rest, total = b"", 0
    for block in response.iter_bytes():
        total += len(block)
        if total > LONGEST_BODY:
            raise EndpointError(f"{host} sent more than {LONGEST_BODY >> 20} MB for one answer.", transient=False)
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.decode("utf-8", "replace").rstrip("\r") for line in lines)
    if rest:
        yield rest.decode("utf-8", "replace")


def _retry_after(response: httpx.Response) -> float | None:
    given = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _json(text: str, host: str, hide: Hide) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _garbage(text, host, hide) from error


def _garbage(text: str, host: str, hide: Hide) -> EndpointError:
    return EndpointError(
        f"{host} did not answer as a chat-completions endpoint does. It said: {_quoted(text, hide)}", transient=False
    )


def _error(sentence: str, transient: bool) -> EndpointError:
    return EndpointError(sentence, transient=transient)


def _message(value: Any) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and error.get("message"):
        return str(error["message"])
    return str(error) if error else json.dumps(value, ensure_ascii=False)


def _quoted(text: str, hide: Hide) -> str:
    return repr(hide(text)[:QUOTED]) if text else "nothing"


def _closed(schema: Any) -> bool:
    """Whether a schema is of the kind that strict mode takes: every object closed, every property required."""
    if isinstance(schema, list):
        return all(map(_closed, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", [])) != set(properties):
            return False
    return all(_closed(value) for value in schema.values())
