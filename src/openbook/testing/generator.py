"""What every generator must do. Subclass, say how to make one, and pytest runs the rest:

class TestMine(GeneratorConformance):
    def make(self) -> Generator:
        return Mine()

Tokens are whatever the generator counts: a model's tokens, or words. What a back end lacks by nature is named in
`lacks`, with the reason, which the skipped test shows.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Event
from typing import Any, ClassVar

import pytest

from openbook.core.protocols import Generator
from openbook.core.types import Answer, Chunk, Delta, Failure, Hit, Message, Request
from openbook.generate.collect import generate

PASSAGES = {
    "returns-uk": "Returns are free within 27 days of delivery. Worn boots are not taken back.",
    "cafe": "Das Café in Zürich öffnet um 8 Uhr. «Bis später» 👋 東京 is said at the door.",
    "ropes": "Climbing ropes are retired after a hard fall. Ropes are checked every spring.",
}
QUESTIONS = (
    "Within how many days are returns free?",
    "When does the Café in Zürich open? 👋 東京",
    "What happens to climbing ropes after a hard fall?",
    "Are worn boots taken back?",
    "How often are ropes checked?",
)
CHOICES = ("card", "card arrival", "card_arrival_time", "returns & refunds", "Größe", "no")
"""Some are the beginning of others."""
INSTRUCTIONS = Message(
    role="system", content="You answer questions about the rules of an outdoor shop, briefly and in full sentences."
)


def request(question: str, **changes: Any) -> Request:
    """A question with its passages, as an arm would ask it."""
    hits = tuple(
        Hit(chunk=Chunk(document=f"{name}.md", text=text, start=0, end=len(text), headings=(name,)), score=1.0)
        for name, text in PASSAGES.items()
    )
    shown = "\n\n".join(f"[{hit.chunk.label}] {hit.chunk.text}" for hit in hits)
    asked = Message(role="user", content=f"Passages:\n\n{shown}\n\nQuestion: {question}")
    plain = Request(messages=(INSTRUCTIONS, asked), query=question, hits=hits, max_tokens=24)
    return replace(plain, **changes)


class GeneratorConformance:
    """The suite; one generator, made once, goes through all of it."""

    lacks: ClassVar[Mapping[str, str]] = {}
    """`sampling`, `batching`, `usage` or `bad` → why: what this back end does not do, and whether it ever will."""

    made: ClassVar[dict[type, Generator]] = {}

    def make(self) -> Generator:
        """The generator under test."""
        raise NotImplementedError("say how to make the generator under test")

    def requests(self) -> list[Request]:
        """Questions that it answers with more than two tokens each."""
        return [request(question) for question in QUESTIONS]

    def bad(self) -> Request:
        """A request that fails for a reason of its own."""
        raise NotImplementedError(
            "give a request that this generator cannot answer, or say in `lacks` why there is none"
        )

    @pytest.fixture
    def generator(self) -> Generator:
        if type(self) not in self.made:
            self.made[type(self)] = self.make()
        return self.made[type(self)]

    def test_it_fulfils_the_protocol(self, generator: Generator) -> None:
        assert isinstance(generator, Generator)
        assert generator.name.strip()
        assert generator.fingerprint.strip()

    def test_two_generators_of_a_kind_have_one_fingerprint(self, generator: Generator) -> None:
        assert self.make().fingerprint == generator.fingerprint

    def test_an_empty_list_gives_nothing(self, generator: Generator) -> None:
        assert list(generator.stream([])) == []

    def test_every_request_has_one_result_after_its_deltas(self, generator: Generator) -> None:
        requests = self.requests()
        finished: set[int] = set()
        for index, event in generator.stream(requests):
            assert index in range(len(requests))
            assert index not in finished, "something came after the result"
            if not isinstance(event, Delta):
                finished.add(index)
        assert finished == set(range(len(requests)))

    def test_deltas_join_to_the_answer(self, generator: Generator) -> None:
        joined, answers = self.streamed(generator, self.requests())
        for index, answer in answers.items():
            assert joined[index] == answer.text

    def test_answers_carry_what_they_were_asked_with(self, generator: Generator) -> None:
        requests = self.requests()
        for asked, answer in zip(requests, self.answers(generator, requests), strict=True):
            assert answer.prompt == asked.hash
            assert answer.hits == asked.hits
            assert answer.finish in ("stop", "length")
            assert answer.text == answer.text.strip()
            assert {citation.chunk for citation in answer.citations} <= {hit.chunk.id for hit in asked.hits}

    def test_time_is_finite_and_told_by_stage(self, generator: Generator) -> None:
        for answer in self.answers(generator, self.requests()):
            assert {"first_token", "generate"} <= set(answer.seconds)
            assert all(math.isfinite(value) and value >= 0 for value in answer.seconds.values())

    def test_tokens_are_counted(self, generator: Generator) -> None:
        self.skip_if_lacking("usage")
        for answer in self.answers(generator, self.requests()):
            assert answer.usage.input_tokens > 0
            assert answer.usage.output_tokens > 0

    def test_asking_again_gives_the_same_answers(self, generator: Generator) -> None:
        first, second = (texts(self.answers(generator, self.requests())) for _ in range(2))
        assert first == second

    def test_an_answer_does_not_depend_on_what_is_asked_beside_it(self, generator: Generator) -> None:
        requests = self.requests()
        alone = [text for one in requests for text in texts(self.answers(generator, [one]))]
        assert texts(self.answers(generator, requests)) == alone
        assert texts(self.answers(generator, requests[::-1])) == alone[::-1]

    def test_chance_comes_from_the_request_s_seed(self, generator: Generator) -> None:
        self.skip_if_lacking("sampling")
        hot = [replace(one, temperature=1.5, seed=7) for one in self.requests()]
        first = texts(self.answers(generator, hot))
        assert texts(self.answers(generator, hot)) == first
        assert texts(self.answers(generator, [hot[1]])) == [first[1]]
        assert texts(self.answers(generator, [replace(one, seed=8) for one in hot])) != first

    def test_an_answer_cut_at_the_limit_says_so(self, generator: Generator) -> None:
        whole = self.answers(generator, self.requests())
        short = self.answers(generator, [replace(one, max_tokens=2) for one in self.requests()])
        assert {answer.finish for answer in short} == {"length"}
        assert all(answer.usage.output_tokens <= 2 for answer in short)
        assert all(full.text.startswith(cut.text) for full, cut in zip(whole, short, strict=True))

    def test_an_answer_ends_before_a_stop_string(self, generator: Generator) -> None:
        for asked, answer in zip(self.requests(), self.answers(generator, self.requests()), strict=True):
            middle = len(answer.text) // 2
            mark = answer.text[middle : middle + 3]
            joined, stopped = self.streamed(generator, [replace(asked, stop=("\x00never", mark))])
            assert stopped[0].text == joined[0] == answer.text.split(mark)[0].strip()
            assert stopped[0].finish == "stop"

    def test_given_choices_it_answers_with_one_of_them(self, generator: Generator) -> None:
        asked = self.choosing(generator)
        joined, answers = self.streamed(generator, asked)
        for index, answer in answers.items():
            assert answer.text in CHOICES
            assert joined[index] == answer.text
            assert (answer.finish, answer.prompt) == ("stop", asked[index].hash)
        assert {asked[index].hash for index in answers}.isdisjoint(one.hash for one in self.requests())

    def test_a_choice_does_not_depend_on_what_is_asked_beside_it(self, generator: Generator) -> None:
        asked = self.choosing(generator)
        alone = [text for one in asked for text in texts(self.answers(generator, [one]))]
        assert texts(self.answers(generator, asked)) == alone
        mixed = self.answers(generator, [*self.requests(), *asked[::-1]])
        assert texts(mixed[len(self.requests()) :]) == alone[::-1]

    def test_a_failure_stands_in_its_own_place(self, generator: Generator) -> None:
        self.skip_if_lacking("bad")
        requests = self.requests()
        expected = texts(self.answers(generator, requests))
        results = generate(generator, [requests[0], self.bad(), *requests[1:]])
        failure = results.pop(1)
        assert isinstance(failure, Failure)
        assert failure.stage == "generate"
        assert failure.message.strip()
        assert failure.error.strip()
        assert texts(results) == expected

    def test_what_is_cancelled_before_it_begins_is_not_answered(self, generator: Generator) -> None:
        cancel = Event()
        cancel.set()
        results = generate(generator, self.requests(), cancel)
        assert [(answer.text, answer.finish) for answer in results if isinstance(answer, Answer)] == [
            ("", "cancelled")
        ] * len(self.requests())

    def test_cancelling_ends_it_soon_with_a_result_for_each(self, generator: Generator) -> None:
        cancel, joined, results = Event(), dict[int, str](), dict[int, Answer | Failure]()
        cancelled_at = math.inf
        for index, event in generator.stream(self.requests() * 4, cancel):
            if isinstance(event, Delta):
                joined[index] = joined.get(index, "") + event.text
            else:
                results[index] = event
            if not cancel.is_set():
                cancel.set()
                cancelled_at = time.monotonic()
        assert time.monotonic() - cancelled_at < 5
        assert set(results) == set(range(4 * len(self.requests())))
        assert "cancelled" in {answer.finish for answer in results.values() if isinstance(answer, Answer)}
        assert all(joined.get(i, "") == one.text for i, one in results.items() if isinstance(one, Answer))

    def test_a_stream_that_is_left_alone_does_no_harm(self, generator: Generator) -> None:
        expected = texts(self.answers(generator, self.requests()))
        left = iter(generator.stream(self.requests()))
        next(left)
        del left
        assert texts(self.answers(generator, self.requests())) == expected

    def choosing(self, generator: Generator) -> list[Request]:
        """Questions that have to be answered by one of `CHOICES`."""
        if not getattr(generator, "chooses", ""):
            pytest.skip("it does not say `chooses`: it answers freely")
        return [replace(one, choices=CHOICES) for one in self.requests()]

    def answers(self, generator: Generator, requests: Sequence[Request]) -> list[Answer]:
        results = generate(generator, requests)
        assert all(isinstance(result, Answer) for result in results), results
        return [result for result in results if isinstance(result, Answer)]

    def streamed(self, generator: Generator, requests: Sequence[Request]) -> tuple[dict[int, str], dict[int, Answer]]:
        """(deltas joined, answer) by index."""
        joined, answers = dict.fromkeys(range(len(requests)), ""), {}
        for index, event in generator.stream(requests):
            if isinstance(event, Delta):
                assert event.text, "an empty delta says nothing"
                joined[index] += event.text
            else:
                assert isinstance(event, Answer), event
                answers[index] = event
        return joined, answers

    def skip_if_lacking(self, what: str) -> None:
        if what in self.lacks:
            pytest.skip(f"{what}: {self.lacks[what]}")


def texts(results: Sequence[Answer | Failure]) -> list[str]:
    """Each answer's text; a failure's message."""
    return [result.text if isinstance(result, Answer) else result.message for result in results]
