"""Answers from an OpenAI-compatible endpoint (chat completions), streamed, several at a time, retried with patience.

Knows nothing of prompts or prices. The key is read from the environment at the first request, is sent to the endpoint
and goes nowhere else.
"""

import os
import queue
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import urlsplit

import httpx

from openbook.core.errors import EndpointError, UsageError
from openbook.core.ids import digest
from openbook.core.types import Answer, Delta, Failure, Finish, Request, Usage
from openbook.generate.draft import Draft
from openbook.generate.wire import Reply, body_of, given_choice, pause, read, refuses, status_error

VERSION = 1
LOOPBACK = ("localhost", "127.0.0.1", "::1")
POLL_SECONDS = 0.05

Item = tuple[int, Delta | Answer | Failure]


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One request under way."""

    index: int
    request: Request
    draft: Draft
    started: float = field(default_factory=time.perf_counter)
    first: float | None = None
    attempts: int = 0


class OpenAIGenerator:
    """A generator over HTTP.

    Args:
        model: The endpoint's name for the model.
        base_url: Up to and including the version, without `/chat/completions`.
        api_key_env: Environment variable that holds the key; an endpoint on this machine needs none.
        timeout: Seconds for one call.
        retries: Further attempts after a transient failure.
        concurrency: Calls under way at once.
        backoff: Seconds before the first further attempt; doubled each time, with jitter.

    Attributes:
        chooses: Choices go as a JSON schema with an enumeration; an endpoint that takes none answers freely.

    Raises:
        UsageError: `base_url` is no http(s) address.
    """

    chooses = "schema"

    def __init__(
        self,
        model: str,
        *,
        base_url: str = "https://api.openai.com/v1",
        api_key_env: str = "OPENAI_API_KEY",
        timeout: float = 60.0,
        retries: int = 4,
        concurrency: int = 8,
        backoff: float = 0.5,
    ) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UsageError(f"base_url {base_url!r} is no address: write it as 'https://host/v1'.")
        self.name = f"openai:{model}"
        self.fingerprint = digest(["openai", VERSION, model, base_url.rstrip("/")])
        self._model, self._key_name = model, api_key_env
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._host = address.hostname
        self._timeout, self._retries = timeout, retries
        self._concurrency, self._backoff = concurrency, backoff
        self._refused: frozenset[str] = frozenset()

    def stream(self, requests: Sequence[Request], cancel: Event | None = None) -> Iterator[Item]:
        """See `openbook.core.protocols.Generator`.

        Raises:
            UsageError: The key is not set.
        """
        if not requests:
            return
        halt, items = threading.Event(), queue.Queue[Item | Exception]()
        calls = [Call(index=i, request=request, draft=_draft(request)) for i, request in enumerate(requests)]
        waiting: queue.SimpleQueue[Call] = queue.SimpleQueue()
        for call in calls:
            waiting.put(call)
        client = self._client()
        try:
            for _ in range(min(self._concurrency, len(calls))):
                threading.Thread(target=self._work, args=(client, waiting, items, halt), daemon=True).start()
            yield from _forward(items, calls, cancel)
        finally:
            # Calls still under way end by their connection's end.
            halt.set()
            client.close()

    def _client(self) -> httpx.Client:
        key = os.environ.get(self._key_name, "")
        here = self._host in LOOPBACK
        if not key and not here:
            raise UsageError(
                f"The model {self.name!r} needs a key in the environment variable {self._key_name!r}, which is not set."
                " Set it, or name another variable as `api_key_env`."
            )
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # A proxy from the environment must not carry what is meant for this machine.
        return httpx.Client(headers=headers, timeout=self._timeout, trust_env=not here)

    def _work(
        self,
        client: httpx.Client,
        waiting: "queue.SimpleQueue[Call]",
        items: "queue.Queue[Item | Exception]",
        halt: Event,
    ) -> None:
        """What each thread does: one call after the other. A bug in here is raised where the stream is read."""
        while not halt.is_set():
            try:
                call = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                items.put((call.index, self._persist(client, call, items, halt)))
            except Exception as error:
                items.put(error)
                return

    def _persist(
        self, client: httpx.Client, call: Call, items: "queue.Queue[Item | Exception]", halt: Event
    ) -> Answer | Failure:
        """Try until it works, cannot work, or has been tried often enough."""
        call.started = time.perf_counter()
        while True:
            call.attempts += 1
            try:
                answer = self._attempt(client, call, items, halt)
            except EndpointError as error:
                delay = pause(error, call.attempts, self._backoff, random.random())
                if not error.transient or call.attempts > self._retries or delay is None or halt.wait(delay):
                    return _failure(error, call)
                continue
            if answer is not None:
                return answer
            call.attempts -= 1

    def _attempt(
        self, client: httpx.Client, call: Call, items: "queue.Queue[Item | Exception]", halt: Event
    ) -> Answer | None:
        """One call; None where the endpoint refused a parameter that the next call does without."""
        body = body_of(self._model, call.request, self._refused)
        deadline = time.perf_counter() + self._timeout
        reply = Reply()
        try:
            with client.stream("POST", self._url, json=body) as response:
                if response.status_code >= 400:
                    response.read()
                    refused = refuses(response, body)
                    if refused is None:
                        raise status_error(response, self._host, self._hidden)
                    self._refused |= {refused}
                    return None
                for _ in read(response, reply, self._host, self._hidden):
                    if time.perf_counter() > deadline:
                        raise EndpointError(
                            f"{self._host} gave no whole answer within {self._timeout:g} s.", transient=True
                        )
                    self._grow(call, reply, items)
                    if halt.is_set() or call.draft.stopped:
                        break
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EndpointError(f"{self._host}: {_reason(error, self._timeout)}", transient=True) from error
        if not (reply.complete or halt.is_set() or call.draft.stopped):
            raise EndpointError(f"{self._host} closed the connection in the middle of its answer.", transient=True)
        return self._end(call, reply, items)

    def _grow(self, call: Call, reply: Reply, items: "queue.Queue[Item | Exception]") -> None:
        """Give out what is new and final, but nothing that a broken attempt gave out before."""
        if call.request.choices:
            # JSON around a label: nothing of it is the answer before it is whole.
            return
        if call.draft.text.startswith(reply.text.strip()):
            return
        self._same_beginning(call, reply)
        new = call.draft.grow(reply.text)
        if new:
            call.first = call.first or time.perf_counter() - call.started
            items.put((call.index, Delta(text=new)))

    def _end(self, call: Call, reply: Reply, items: "queue.Queue[Item | Exception]") -> Answer:
        if call.request.choices:
            reply.text = given_choice(reply.text, call.request.choices)
        if not call.draft.stopped:
            self._same_beginning(call, reply)
        rest = call.draft.finish(reply.text)
        if rest:
            items.put((call.index, Delta(text=rest)))
        finish: Finish = "length" if reply.finish == "length" and not call.draft.stopped else "stop"
        return _answer(call, call.draft.text, finish, reply.usage)

    def _same_beginning(self, call: Call, reply: Reply) -> None:
        """Deltas cannot be taken back: after a broken attempt the answer must begin as it did before."""
        if not reply.text.strip().startswith(call.draft.text):
            raise EndpointError(
                f"{self._host} broke off in the middle of an answer and began another one at the next attempt.",
                transient=True,
            )

    def _hidden(self, text: str) -> str:
        """An endpoint may repeat the key in what it says."""
        key = os.environ.get(self._key_name, "")
        return text.replace(key, "…") if key else text


def _draft(request: Request) -> Draft:
    """Stop strings are for free text."""
    return Draft(() if request.choices else request.stop)


def _forward(items: "queue.Queue[Item | Exception]", calls: Sequence[Call], cancel: Event | None) -> Iterator[Item]:
    """Hand on what the threads make, until every call has its result or all is cancelled."""
    given, open_calls = {call.index: "" for call in calls}, {call.index: call for call in calls}
    while open_calls:
        if cancel is not None and cancel.is_set():
            for index, call in open_calls.items():
                yield index, _answer(call, given[index], "cancelled", Usage())
            return
        try:
            item = items.get(timeout=POLL_SECONDS if cancel is not None else None)
        except queue.Empty:
            continue
        if isinstance(item, Exception):
            raise item
        index, event = item
        if isinstance(event, Delta):
            given[index] += event.text
        else:
            del open_calls[index]
        yield index, event


def _answer(call: Call, text: str, finish: Finish, usage: Usage) -> Answer:
    seconds = time.perf_counter() - call.started
    return Answer(
        text=text,
        hits=call.request.hits,
        finish=finish,
        prompt=call.request.hash,
        usage=usage,
        seconds={"first_token": seconds if call.first is None else call.first, "generate": seconds},
    )


def _failure(error: Exception, call: Call) -> Failure:
    return Failure(
        stage="generate",
        error=type(error).__name__,
        message=str(error),
        transient=isinstance(error, EndpointError) and error.transient,
        attempts=call.attempts,
    )


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} s."
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error}). Is the endpoint up, and base_url right?"
    return f"the connection broke ({type(error).__name__}: {error})."
