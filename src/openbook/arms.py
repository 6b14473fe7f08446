"""Arms: the complete ways of answering. Two switches, retrieval and adapter, and one prompt.

Knows no configuration and no files: it is handed a generator, a retriever and a template.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Event
from typing import Any

from openbook.core.errors import OpenbookError
from openbook.core.ids import digest
from openbook.core.protocols import Generator, Retriever
from openbook.core.types import Answer, Delta, Example, Failure, Filter, Hit, Record, Request
from openbook.generate.citations import cite
from openbook.prompt import VERSION as PROMPT_VERSION
from openbook.prompt import Shot, Template, abstained, render

VERSION = 1
"""Raised whenever the same parts would answer otherwise: part of every run's fingerprint."""

RETRIEVES = {"base": False, "prompted": False, "rag": True, "tuned": False, "hybrid": True}
TUNES = {"base": False, "prompted": False, "rag": False, "tuned": True, "hybrid": True}
SHOWS_SHOTS = {"base": False, "prompted": True, "rag": True, "tuned": False, "hybrid": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """How an arm looks things up.

    Attributes:
        open: Makes the retriever when it is first needed (opening an index is slow).
        content: Version of the indexed content.
        settings: Everything else that changes what is found, for the fingerprint.
    """

    open: Callable[[], Retriever]
    content: str
    passages: int
    where: Filter | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How answers are drawn; see `Request`."""

    max_tokens: int = 96
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """What saying "I don't know" looks like; see `prompt.abstained`."""

    sentence: str
    pattern: str = ""


class Arm:
    """One complete way of answering.

    Args:
        name: As in the configuration.
        kind: base, prompted, rag, tuned or hybrid.
        retrieval: None where the arm does not look up.
        seed: Training seed of its adapter.
    """

    def __init__(
        self,
        *,
        name: str,
        kind: str,
        generator: Generator,
        template: Template,
        retrieval: Retrieval | None,
        sampling: Sampling,
        abstention: Abstention,
        seed: int = 0,
    ) -> None:
        self.name = name
        self.kind = kind
        self.generator = generator
        self.template = template
        self.retrieval = retrieval
        self.sampling = sampling
        self.abstention = abstention
        self.seed = seed

    @property
    def settings(self) -> dict[str, Any]:
        """What this arm is made of, as plain values: the report prints how two arms differ by it."""
        shots = [[shot.input, shot.reference] for shot in self.template.shots]
        look_up = None
        if self.retrieval is not None:
            look_up = {
                "content": self.retrieval.content,
                "passages": self.retrieval.passages,
                "where": repr(self.retrieval.where),
                **self.retrieval.settings,
            }
        return {
            "generator": self.generator.fingerprint,
            "instructions": self.template.instructions,
            "shots": shots,
            "retrieval": look_up,
            "max_tokens": self.sampling.max_tokens,
            "temperature": self.sampling.temperature,
            "stop": list(self.sampling.stop),
            "seed": self.sampling.seed if self.sampling.temperature > 0 else 0,
            "schema": self.sampling.schema,
            "abstain": [self.abstention.sentence, self.abstention.pattern],
            "versions": [VERSION, PROMPT_VERSION],
        }

    @cached_property
    def fingerprint(self) -> str:
        """Two arms with one fingerprint give the same answers, whatever they are called."""
        return digest(self.settings)

    def requests(self, examples: Sequence[Example]) -> tuple[list[Request | Failure], float]:
        """Look up and render; also returns the seconds that looking up took for each example."""
        hits, seconds = self._look_up([example.input for example in examples])
        made: list[Request | Failure] = []
        for example, found in zip(examples, hits, strict=True):
            made.append(found if isinstance(found, Failure) else self._render(example, found))
        return made, seconds

    def stream(self, examples: Sequence[Example], cancel: Event | None = None) -> Iterator[tuple[int, Delta | Record]]:
        """Answer examples: pieces of text as they come, and one record each, in the order of finishing."""
        made, look_up_seconds = self.requests(examples)
        asked = [(index, request) for index, request in enumerate(made) if isinstance(request, Request)]
        for index, request in enumerate(made):
            if isinstance(request, Failure):
                yield index, Record(example=examples[index].id, key=examples[index].key, result=request)
        for position, event in self.generator.stream([request for _, request in asked], cancel):
            index, request = asked[position]
            if isinstance(event, Delta):
                yield index, event
                continue
            result = self._finished(event, request, look_up_seconds) if isinstance(event, Answer) else event
            yield (
                index,
                Record(example=examples[index].id, key=examples[index].key, result=result, messages=request.messages),
            )

    def _look_up(self, questions: Sequence[str]) -> tuple[Sequence[list[Hit] | Failure | None], float]:
        if self.retrieval is None:
            return [None] * len(questions), 0.0
        retriever = self.retrieval.open()
        started = time.perf_counter()
        hits = retriever.search(questions, k=self.retrieval.passages, where=self.retrieval.where)
        return hits, (time.perf_counter() - started) / max(1, len(questions))

    def _render(self, example: Example, hits: list[Hit] | None) -> Request | Failure:
        try:
            messages = render(self.template, example.input, hits=hits, context=example.context)
        except (OpenbookError, ValueError) as error:
            return Failure(stage="render", error=type(error).__name__, message=str(error))
        return Request(
            messages=messages,
            query=example.input,
            hits=tuple(hits or ()),
            max_tokens=self.sampling.max_tokens,
            temperature=self.sampling.temperature,
            stop=self.sampling.stop,
            seed=self.sampling.seed,
            schema=self.sampling.schema,
        )

    def _finished(self, answer: Answer, request: Request, look_up_seconds: float) -> Answer:
        seconds = dict(answer.seconds)
        if self.retrieval is not None:
            seconds["retrieve"] = look_up_seconds
        return replace(
            answer,
            hits=request.hits,
            citations=cite(answer.text, request.hits),
            abstained=abstained(answer.text, sentence=self.abstention.sentence, pattern=self.abstention.pattern),
            prompt=request.hash,
            seconds=seconds,
        )


def template_for(kind: str, *, instructions: str, shots: Sequence[Shot]) -> Template:
    """`base` gets the bare question; `prompted` and `rag` instructions and shots; tuned arms instructions alone."""
    if kind == "base":
        return Template()
    return Template(instructions=instructions, shots=tuple(shots) if SHOWS_SHOTS[kind] else ())


def choose_shots(train: Sequence[Example], groups: Mapping[str, str], *, count: int, seed: int) -> tuple[Shot, ...]:
    """Worked examples for the prompt, from training rows alone.

    Answerable rows of median length from different groups, in an order that the seed fixes; from three shots on, the
    last one abstains where such a row exists.

    Args:
        groups: Example id → its group.
    """
    order = sorted(train, key=lambda example: digest([seed, example.id]))
    abstaining = [example for example in order if not example.answerable][:1] if count >= 3 else []
    chosen = _typical([e for e in order if e.answerable], groups, count - len(abstaining)) + abstaining
    return tuple(Shot(input=example.input, reference=example.reference) for example in chosen)


def _typical(rows: Sequence[Example], groups: Mapping[str, str], count: int) -> list[Example]:
    if not rows:
        return []
    lengths = sorted(len(row.reference) for row in rows)
    low, high = lengths[len(lengths) // 4], lengths[(3 * len(lengths)) // 4]
    chosen: list[Example] = []
    used: set[str] = set()
    for row in rows:
        group = groups.get(row.id, row.id)
        if len(chosen) < count and low <= len(row.reference) <= high and group not in used:
            chosen.append(row)
            used.add(group)
    return chosen
