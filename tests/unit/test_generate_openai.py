"""The endpoint client against a real HTTP server: good days and bad ones."""

import json
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from threading import Event
from time import monotonic, time
from typing import Any

import pytest

from chat_server import ChatServer, Exchange, answering, chat_server, slowly
from openbook.core.errors import EndpointError, UsageError
from openbook.core.types import Answer, Delta, Failure, Message, Request, Usage
from openbook.generate.collect import generate
from openbook.generate.openai import OpenAIGenerator
from openbook.generate.wire import Throttled, pause

REQUEST = Request(messages=(Message(role="system", content="Be brief."), Message(role="user", content="Say it.")))
KEY = "sk-secret-4711"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server(answering(lambda question: f"Well: {question}")) as served:
        yield served


def client(server: ChatServer, **changes: Any) -> OpenAIGenerator:
    return OpenAIGenerator("parrot", **{"base_url": server.base_url, "backoff": 0.01, "timeout": 5.0, **changes})


def ask(server: ChatServer, request: Request = REQUEST, **changes: Any) -> Answer | Failure:
    return generate(client(server, **changes), [request])[0]


def answered(result: Answer | Failure) -> Answer:
    assert isinstance(result, Answer), result
    return result


def failed(result: Answer | Failure) -> Failure:
    assert isinstance(result, Failure), result
    return result


def test_the_request_says_everything_and_usage_comes_back(server: ChatServer) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    asked = replace(REQUEST, max_tokens=7, temperature=0.5, seed=3, stop=("\n", "END"), schema=schema)
    answer = answered(ask(server, asked))
    assert answer.usage == Usage(input_tokens=4, output_tokens=len(answer.text.split()))
    (exchange,) = server.asked
    assert exchange.path == "/v1/chat/completions"
    body = exchange.body
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say it."}]
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("parrot", 7, 0.5, 3)
    assert body["stop"] == ["\n", "END"]
    assert body["response_format"]["json_schema"]["schema"] == schema
    assert body["response_format"]["json_schema"]["strict"] is False
    assert body["stream_options"] == {"include_usage": True}


def test_a_closed_schema_is_asked_for_strictly(server: ChatServer) -> None:
    schema = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    ask(server, replace(REQUEST, schema=schema))
    assert server.asked[0].body["response_format"]["json_schema"]["strict"] is True


def test_labels_go_as_an_enumeration_and_the_answer_is_the_label_alone(server: ChatServer) -> None:
    asked = replace(REQUEST, choices=("card_arrival", "Größe", "refund"), stop=("a",), max_tokens=4)
    answer = answered(ask(server, asked))
    assert answer.text in asked.choices
    body = server.asked[0].body
    schema = body["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("label", True)
    assert schema["schema"]["properties"]["label"]["enum"] == list(asked.choices)
    assert body["max_tokens"] > 4
    assert "stop" not in body


def test_an_endpoint_that_takes_no_schema_answers_freely(server: ChatServer) -> None:
    def refusing(exchange: Exchange) -> None:
        if "response_format" in exchange.body:
            exchange.error(400, "response_format is not supported")
        else:
            answering(lambda _: "I think it is a refund.")(exchange)

    server.behaviour = refusing
    answer = answered(ask(server, replace(REQUEST, choices=("card", "refund"))))
    assert answer.text == "I think it is a refund."
    assert len(server.asked) == 2


def test_a_schema_that_the_user_asked_for_is_not_dropped(server: ChatServer) -> None:
    server.behaviour = lambda exchange: exchange.error(400, "response_format is not supported")
    assert failed(ask(server, replace(REQUEST, schema={"type": "object"}))).transient is False


def test_an_answer_in_one_piece_is_read_as_well(server: ChatServer) -> None:
    def whole(exchange: Exchange) -> None:
        exchange.body["stream"] = False
        answering(lambda _: "All at once.")(exchange)

    server.behaviour = whole
    answer = answered(ask(server))
    assert (answer.text, answer.usage.output_tokens) == ("All at once.", 3)


def test_without_usage_tokens_are_zero(server: ChatServer) -> None:
    def mute(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.piece("Hi", finish="stop")

    server.behaviour = mute
    answer = answered(ask(server))
    assert (answer.text, answer.usage) == ("Hi", Usage())


def test_line_separators_inside_the_json_do_not_break_it(server: ChatServer) -> None:
    server.behaviour = answering(lambda _: "one\u2028two\x85three")
    assert answered(ask(server)).text == "one\u2028two\x85three"


def test_a_429_is_tried_again_after_the_time_it_names(server: ChatServer) -> None:
    def busy(exchange: Exchange) -> None:
        if exchange.number == 1:
            exchange.error(429, "slow down", retry_after="0.4")
        else:
            answering(lambda _: "Now.")(exchange)

    server.behaviour = busy
    began = monotonic()
    assert answered(ask(server)).text == "Now."
    assert monotonic() - began >= 0.4
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_and_is_a_transient_failure_in_the_end(server: ChatServer, status: int) -> None:
    server.behaviour = lambda exchange: exchange.error(status, "not now")
    failure = failed(ask(server, retries=2))
    assert (failure.transient, failure.attempts, len(server.asked)) == (True, 3, 3)
    assert f"answered {status}" in failure.message
    assert "not now" in failure.message


@pytest.mark.parametrize("status", [400, 422])
def test_what_will_not_pass_is_not_tried_again(server: ChatServer, status: int) -> None:
    server.behaviour = lambda exchange: exchange.error(status, "no such thing")
    failure = failed(ask(server))
    assert (failure.transient, failure.attempts, len(server.asked)) == (False, 1, 1)
    assert "no such thing" in failure.message


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_somebody_must_mend_is_not_tried_again_but_asked_again_at_the_next_call(
    server: ChatServer, status: int
) -> None:
    server.behaviour = lambda exchange: exchange.error(status, "no such thing")
    failure = failed(ask(server))
    assert (failure.transient, failure.attempts, len(server.asked)) == (True, 1, 1)
    assert "no such thing" in failure.message


def test_an_empty_purse_is_not_waited_for(server: ChatServer) -> None:
    body = json.dumps({"error": {"message": "pay first", "code": "insufficient_quota"}})
    server.behaviour = lambda exchange: exchange.send(429, body)
    failure = failed(ask(server))
    assert (failure.transient, len(server.asked)) == (True, 1)


def test_a_parameter_that_an_endpoint_refuses_is_left_out_or_spelled_its_way(server: ChatServer) -> None:
    def picky(exchange: Exchange) -> None:
        if "stream_options" in exchange.body:
            exchange.error(400, "Unrecognized request argument supplied: stream_options")
        elif "max_tokens" in exchange.body:
            exchange.error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        else:
            exchange.body["max_tokens"] = exchange.body["max_completion_tokens"]
            answering(lambda _: "Fine now.")(exchange)

    server.behaviour = picky
    generator = client(server, retries=0)
    for calls in (3, 4):
        assert answered(generate(generator, [REQUEST])[0]).text == "Fine now."
        assert len(server.asked) == calls


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>" + "x" * 500, "text/html"),
        ("", "application/json"),
        ('{"hello": 1}', "application/json"),
        ("[1, 2]", "application/json"),
        ('{"choices": "none"}', "application/json"),
        ('{"choices": [{"message": {"content": 5}}]}', "application/json"),
        ("data: {not json\n\n", "text/event-stream"),
        ('data: {"choices": 3}\n\n', "text/event-stream"),
        ("data: 17\n\n", "text/event-stream"),
    ],
)
def test_garbage_is_a_lasting_failure_that_quotes_its_beginning(server: ChatServer, body: str, kind: str) -> None:
    server.behaviour = lambda exchange: exchange.send(200, body, kind=kind)
    failure = failed(ask(server))
    assert not failure.transient
    assert len(server.asked) == 1
    assert len(failure.message) < 400
    assert body[6:60].strip() in failure.message.replace('\\"', '"') or not body


def test_an_answer_that_breaks_off_is_asked_for_again_and_nothing_is_said_twice(server: ChatServer) -> None:
    def dropping(exchange: Exchange) -> None:
        exchange.begin_events()
        for token in ["One", " two", " three", " four"][: 4 if exchange.number > 2 else exchange.number]:
            exchange.piece(token)
        if exchange.number > 2:
            exchange.piece(finish="stop")

    server.behaviour = dropping
    events = list(client(server).stream([REQUEST]))
    deltas = [event.text for _, event in events if isinstance(event, Delta)]
    assert "".join(deltas) == "One two three four" == answered(events[-1][1]).text
    assert len(server.asked) == 3


def test_an_answer_that_begins_anew_in_other_words_is_a_transient_failure(server: ChatServer) -> None:
    def fickle(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.piece(f"Try {exchange.number} and")

    server.behaviour = fickle
    failure = failed(ask(server, retries=2))
    assert failure.transient
    assert "began another one" in failure.message


def test_an_error_in_the_middle_of_a_stream_is_transient(server: ChatServer) -> None:
    def breaking(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.piece("Half")
        exchange.event({"error": {"message": "overloaded"}})

    server.behaviour = breaking
    failure = failed(ask(server, retries=1))
    assert (failure.transient, failure.attempts) == (True, 2)
    assert "overloaded" in failure.message


def test_a_slow_endpoint_times_out(server: ChatServer) -> None:
    server.behaviour = slowly(1.0, answering(lambda _: "Late."))
    failure = failed(ask(server, timeout=0.2, retries=1))
    assert (failure.transient, failure.attempts) == (True, 2)
    assert "within 0.2 s" in failure.message


def test_a_dripping_endpoint_times_out_as_a_whole(server: ChatServer) -> None:
    def dripping(exchange: Exchange) -> None:
        exchange.begin_events()
        for _ in range(100):
            slowly(0.05, lambda it: it.piece("drip "))(exchange)

    server.behaviour = dripping
    began = monotonic()
    assert failed(ask(server, timeout=0.4, retries=0)).transient
    assert monotonic() - began < 3


def test_an_endpoint_that_is_down_is_a_transient_failure(server: ChatServer) -> None:
    with chat_server(answering(str)) as gone:
        pass
    failure = failed(ask(gone, retries=1))
    assert (failure.transient, failure.attempts) == (True, 2)
    assert "no connection" in failure.message


def test_cancelling_does_not_wait_for_the_endpoint(server: ChatServer) -> None:
    def hanging(exchange: Exchange) -> None:
        exchange.begin_events()
        exchange.piece("Some words")
        Event().wait(3)

    server.behaviour = hanging
    cancel, results, began = Event(), {}, monotonic()
    for index, event in client(server, concurrency=2).stream([REQUEST] * 4, cancel):
        if isinstance(event, Delta):
            cancel.set()
        else:
            results[index] = answered(event)
    assert monotonic() - began < 2
    assert [results[index].finish for index in range(4)] == ["cancelled"] * 4
    assert "Some words" in {answer.text for answer in results.values()}


def test_several_calls_are_under_way_at_once_but_no_more_than_allowed(server: ChatServer) -> None:
    under_way, most = [0], [0]

    def counting(exchange: Exchange) -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        slowly(0.1, answering(lambda question: question))(exchange)
        under_way[0] -= 1

    server.behaviour = counting
    requests = [Request(messages=(Message(role="user", content=f"number {n}"),)) for n in range(9)]
    results = generate(client(server, concurrency=3), requests)
    assert [answered(result).text for result in results] == [f"number {n}" for n in range(9)]
    assert 2 <= most[0] <= 3


def test_stop_strings_beyond_the_four_that_the_protocol_takes_are_kept_too(server: ChatServer) -> None:
    server.behaviour = answering(lambda _: "a b c d e f")
    answer = answered(ask(server, replace(REQUEST, stop=("1", "2", "3", "4", "e"))))
    assert (answer.text, answer.finish) == ("a b c d", "stop")
    assert server.asked[0].body["stop"] == ["1", "2", "3", "4"]


def test_the_key_is_sent_and_is_never_shown(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server.behaviour = lambda exchange: exchange.error(401, f"Incorrect API key provided: {KEY}")
    generator = client(server, api_key_env="MY_KEY")
    failure = failed(generate(generator, [REQUEST])[0])
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "Incorrect API key" in failure.message
    assert KEY not in f"{failure} {generator!r} {vars(generator)}"


def test_a_missing_key_is_a_sentence_except_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    generator = OpenAIGenerator("gpt", base_url="https://api.example.invalid/v1")
    assert list(generator.stream([])) == []
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        generate(generator, [REQUEST])


def test_an_address_that_is_none_is_a_sentence() -> None:
    for base_url in ("api.openai.com/v1", "ftp://host/v1", "https://"):
        with pytest.raises(UsageError, match="base_url"):
            OpenAIGenerator("gpt", base_url=base_url)


def test_a_proxy_of_the_environment_does_not_stand_between_this_machine_and_itself(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert answered(ask(server)).text == "Well: Say it."


def test_waits_double_with_jitter_and_follow_what_the_endpoint_asks() -> None:
    plain = EndpointError("x", transient=True)
    assert [pause(plain, attempt, 0.5, 1.0) for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert pause(plain, 1, 0.5, 0.0) == 0.25
    assert pause(plain, 30, 0.5, 1.0) == 30.0
    assert pause(Throttled("x", seconds=7.0), 1, 0.5, 0.3) == 7.0
    assert pause(Throttled("x", seconds=900.0), 1, 0.5, 0.3) is None


def test_a_date_to_come_back_at_is_understood(server: ChatServer) -> None:
    def busy(exchange: Exchange) -> None:
        if exchange.number == 1:
            exchange.error(503, "later", retry_after=formatdate(time() + 3600, usegmt=True))
        else:
            answering(str)(exchange)

    server.behaviour = busy
    assert failed(ask(server)).transient
    assert len(server.asked) == 1


def test_the_fingerprint_is_of_model_and_address_and_not_of_patience(server: ChatServer) -> None:
    assert client(server).fingerprint == client(server, timeout=1.0, retries=0).fingerprint
    assert client(server).fingerprint != OpenAIGenerator("other", base_url=server.base_url).fingerprint
    assert client(server).fingerprint != client(server, base_url="http://localhost/v1").fingerprint
