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
from openbook.ingest.groups import asked
from openbook.prompt import VERSION as PROMPT_VERSION
from openbook.prompt import Shot, Template, abstained, render

VERSION = 1
"""Raised whenever the same parts would answer otherwise: part of every run's fingerprint."""

RETRIEVES = dict.fromkeys(("base", "prompted", "tuned", "external"), False) | dict.fromkeys(
    ("rag", "hybrid", "tuned+rag", "rag-oracle"), True
)
TUNES = dict.fromkeys(("base", "prompted", "rag", "rag-oracle", "external"), False) | dict.fromkeys(
    ("tuned", "hybrid", "tuned+rag"), True
)
SHOWS_SHOTS = dict.fromkeys(("base", "tuned", "hybrid", "tuned+rag", "external"), False) | dict.fromkeys(
    ("prompted", "rag", "rag-oracle"), True
)
STUDIES_PASSAGES = ("hybrid",)
"""Kinds whose adapter is trained over retrieved passages; `tuned+rag` looks up with the adapter of `tuned`."""
CONTROLS = ("tuned+rag", "rag-oracle")
"""Kinds that are there to explain the others: compared, never recommended."""

Find = Callable[[Retriever, Sequence[Example]], Sequence[list[Hit] | Failure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """How an arm looks things up.

    Attributes:
        open: Makes the retriever when it is first needed (opening an index is slow).
        content: Version of the indexed content.
        settings: Everything else that changes what is found, for the fingerprint.
        find: Finds passages by what an example is labelled with (`rag-oracle`); None: by its input and context.
    """

    open: Callable[[], Retriever]
    content: str
    passages: int
    where: Filter | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    find: Find | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotsByQuestion:
    """Worked examples that are not the same for every question.

    Attributes:
        choose: Examples → the shots of each, in order.
        settings: Everything that changes what is chosen, for the fingerprint.
    """

    choose: Callable[[Sequence[Example]], Sequence[tuple[Shot, ...] | Failure]]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How answers are drawn; see `Request`."""

    max_tokens: int = 96
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    schema: dict[str, Any] | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """What saying "I don't know" looks like; see `prompt.abstained`."""

    sentence: str
    pattern: str = ""


class Arm:
    """One complete way of answering.

    Args:
        name: As in the configuration.
        kind: base, prompted, rag, tuned, hybrid, tuned+rag, rag-oracle or external.
        retrieval: None where the arm does not look up.
        seed: Training seed of its adapter.
        shots: Worked examples by question, in place of the template's; None for those.
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
        shots: ShotsByQuestion | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.generator = generator
        self.template = template
        self.retrieval = retrieval
        self.sampling = sampling
        self.abstention = abstention
        self.seed = seed
        self.shots = shots

    @property
    def settings(self) -> dict[str, Any]:
        """What this arm is made of, as plain values: the report prints how two arms differ by it."""
        shots = [[shot.input, shot.reference, *filter(None, [shot.context])] for shot in self.template.shots]
        look_up = None
        if self.retrieval is not None:
            look_up = {
                "content": self.retrieval.content,
                "passages": self.retrieval.passages,
                "where": repr(self.retrieval.where),
                **self.retrieval.settings,
            }
        by_question = {} if self.shots is None else {"shots_by": self.shots.settings}
        return {
            "generator": self.generator.fingerprint,
            "instructions": self.template.instructions,
            "shots": shots,
            **by_question,
            "retrieval": look_up,
            "max_tokens": self.sampling.max_tokens,
            "temperature": self.sampling.temperature,
            "stop": list(self.sampling.stop),
            "seed": self.sampling.seed if self.sampling.temperature > 0 else 0,
            "schema": self.sampling.schema,
            **({"choices": list(self.sampling.choices)} if self.sampling.choices else {}),
            "abstain": [self.abstention.sentence, self.abstention.pattern],
            "versions": [VERSION, PROMPT_VERSION],
        }

    @cached_property
    def fingerprint(self) -> str:
        """Two arms with one fingerprint give the same answers, whatever they are called."""
        return digest(self.settings)

    def requests(self, examples: Sequence[Example]) -> tuple[list[Request | Failure], float]:
        """Look up and render; also returns the seconds that looking up took for each example."""
        hits, seconds = self._look_up(examples)
        templates = self._templates(examples)
        made: list[Request | Failure] = []
        for example, found, template in zip(examples, hits, templates, strict=True):
            failed = next((part for part in (found, template) if isinstance(part, Failure)), None)
            made.append(failed or self._render(example, found, template))  # type: ignore[arg-type]
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

    def _templates(self, examples: Sequence[Example]) -> Sequence[Template | Failure]:
        if self.shots is None:
            return [self.template] * len(examples)
        chosen = self.shots.choose(examples)
        return [one if isinstance(one, Failure) else replace(self.template, shots=one) for one in chosen]

    def _look_up(self, examples: Sequence[Example]) -> tuple[Sequence[list[Hit] | Failure | None], float]:
        retrieval = self.retrieval
        if retrieval is None:
            return [None] * len(examples), 0.0
        retriever = retrieval.open()
        started = time.perf_counter()
        hits: Sequence[list[Hit] | Failure]
        if retrieval.find is None:
            questions = [asked(example) for example in examples]
            hits = retriever.search(questions, k=retrieval.passages, where=retrieval.where)
        else:
            hits = retrieval.find(retriever, examples)
        return hits, (time.perf_counter() - started) / max(1, len(examples))

    def _render(self, example: Example, hits: list[Hit] | None, template: Template) -> Request | Failure:
        try:
            messages = render(template, example.input, hits=hits, context=example.context)
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
            choices=self.sampling.choices,
            id=example.id,
        )

    def _finished(self, answer: Answer, request: Request, look_up_seconds: float) -> Answer:
        seconds = dict(answer.seconds)
        if self.retrieval is not None:
            seconds["retrieve"] = look_up_seconds
        # An arm that looks nothing up may have an answer that brings its own passages (an outside system's).
        hits = answer.hits if self.retrieval is None else request.hits
        return replace(
            answer,
            hits=hits,
            citations=cite(answer.text, hits),
            abstained=abstained(answer.text, sentence=self.abstention.sentence, pattern=self.abstention.pattern),
            prompt=request.hash,
            seconds=seconds,
        )


def template_for(kind: str, *, instructions: str, shots: Sequence[Shot]) -> Template:
    """`base` and `external` get the bare question; those that show shots both; tuned arms instructions alone."""
    if kind in ("base", "external"):
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
    return tuple(Shot(input=one.input, reference=one.reference, context=one.context) for one in chosen)


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
