"""A real HTTP server on this machine that speaks chat completions, well or badly, as a test wants it."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and the means to answer it."""

    handler: BaseHTTPRequestHandler
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    number: int

    @property
    def question(self) -> str:
        return str(self.body["messages"][-1]["content"])

    def send(self, status: int, body: str, *, kind: str = "application/json", **headers: str) -> None:
        data = body.encode()
        self.handler.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def error(self, status: int, message: str, **headers: str) -> None:
        self.send(status, json.dumps({"error": {"message": message, "type": "error"}}), **headers)

    def begin_events(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("content-type", "text/event-stream; charset=utf-8")
        self.handler.send_header("connection", "close")
        self.handler.end_headers()

    def event(self, value: Any) -> None:
        data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.handler.wfile.write(f"data: {data}\n\n".encode())
        self.handler.wfile.flush()

    def piece(self, text: str = "", finish: str | None = None) -> None:
        self.event({"choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]})


@dataclass
class ChatServer:
    """What the server does and what it was asked. `base_url` is what a client is given."""

    behaviour: Behaviour
    base_url: str = ""
    asked: list[Exchange] = field(default_factory=list)


def answering(say: Callable[[str], str]) -> Behaviour:
    """A faithful endpoint whose tokens are words: streams or not, counts, cuts at the limit, stops at stop strings."""

    def behave(exchange: Exchange) -> None:
        body = exchange.body
        text = chosen(body) or say(exchange.question)
        if body["temperature"] > 0:
            text = f"Drawn with {body['seed']}: {text}"
        ends = [place for place in (text.find(mark) for mark in body.get("stop", [])) if place >= 0]
        text = text[: min(ends)] if ends else text
        tokens = [piece if number == 0 else f" {piece}" for number, piece in enumerate(text.split(" "))]
        finish = "length" if len(tokens) > body["max_tokens"] else "stop"
        tokens = tokens[: body["max_tokens"]]
        words_in = sum(len(message["content"].split()) for message in body["messages"])
        usage = {"prompt_tokens": words_in, "completion_tokens": len(tokens)}
        if not body.get("stream"):
            message = {"role": "assistant", "content": "".join(tokens)}
            exchange.send(200, json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": usage}))
            return
        exchange.begin_events()
        exchange.event({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
        exchange.handler.wfile.write(b": keep-alive\n\n")
        for token in tokens:
            exchange.piece(token)
        exchange.piece(finish=finish)
        if body.get("stream_options", {}).get("include_usage"):
            exchange.event({"choices": [], "usage": usage})
        exchange.event("[DONE]")

    return behave


def chosen(body: dict[str, Any]) -> str:
    """JSON around one of the labels that the request's schema allows, if it has such a one."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    labels = schema.get("properties", {}).get("label", {}).get("enum", [])
    return json.dumps({"label": labels[len(body["messages"][-1]["content"]) % len(labels)]}) if labels else ""


@contextmanager
def chat_server(behaviour: Behaviour) -> Iterator[ChatServer]:
    """Serve on a free port of the loopback interface until the end of the block."""
    served = ChatServer(behaviour=behaviour)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                exchange = Exchange(self, self.path, headers, body, number=len(served.asked) + 1)
                served.asked.append(exchange)
            try:
                served.behaviour(exchange)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    served.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests; anything else is not."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def slowly(seconds: float, then: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        time.sleep(seconds)
        then(exchange)

    return behave
