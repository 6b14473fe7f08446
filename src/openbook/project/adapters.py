"""A project's adapters: which rows an arm studies, under which fingerprint, and training them when they are missing.

The fingerprint is known without a model, an index or a tokenizer being opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook import models
from openbook.config import Tune
from openbook.core.ids import digest
from openbook.core.protocols import Progress, Retriever, silent
from openbook.core.types import Adapter, Example, Row, Tuning
from openbook.ingest.splits import Division
from openbook.project.knowledge import where
from openbook.project.plans import ArmPlan
from openbook.prompt import VERSION as PROMPT_VERSION
from openbook.prompt import Template
from openbook.raft import VERSION as RAFT_VERSION
from openbook.raft import abstention_of, closed_rows, open_rows
from openbook.tune import TRAINERS
from openbook.tune.adapters import adapter_fingerprint, load_adapter

DEV_ROWS = 32
"""Dev rows whose loss is watched: enough to see overfitting, few enough to cost seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What an arm's adapter is made from.

    Attributes:
        plan: The arm.
        template: Its prompt.
        model: Base model; None for models that need none (`scripted`).
        train: Examples studied.
        dev: Examples watched.
        hidden: Documents that training rows may not retrieve.
        content: Version of the index that hybrid rows are retrieved from; empty for the others.
    """

    plan: ArmPlan
    template: Template
    model: models.LocalModel | None
    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    hidden: tuple[str, ...]
    content: str
    seed: int

    @property
    def tuning(self) -> Tuning:
        return tuning(self.plan.tune, seed=self.seed, dtype=self.dtype)

    @property
    def dtype(self) -> str:
        model = self.plan.model
        return models.resolve_dtype(model.dtype, models.resolve_device(model.device)) if self.model else "none"

    @property
    def fingerprint(self) -> str:
        """Of the adapter: the rows stand for themselves, retrieved passages for index content and settings."""
        return adapter_fingerprint(
            self.model,
            closed_rows(self.template, self.train),
            closed_rows(self.template, self.dev),
            self.tuning,
            trainer=self.plan.tune.trainer,
            dtype=self.dtype,
            extra=[PROMPT_VERSION, self._retrieval if self.plan.studies_passages else None],
        )

    @property
    def _retrieval(self) -> dict[str, Any]:
        tune = self.plan.tune
        return {
            "version": RAFT_VERSION,
            "content": self.content,
            "retrieve": self.plan.retrieve.model_dump(mode="json"),
            "oracle": tune.oracle,
            "distractors": tune.distractors,
            "abstain": self.plan.prompt.abstain,
            "hidden": digest(sorted(self.hidden)),
        }

    def rows(self, retriever: Retriever | None) -> tuple[list[Row], list[Row]]:
        """(training rows, dev rows), with passages where the arm studies them."""
        if retriever is None:
            return closed_rows(self.template, self.train), closed_rows(self.template, self.dev)
        plan = self.plan
        abstention = abstention_of(self.train, plan.prompt.abstain)
        made = [
            open_rows(
                self.template,
                examples,
                retriever,
                passages=plan.retrieve.passages,
                oracle=oracle,
                abstention=abstention,
                distractors=plan.tune.distractors,
                hidden=hidden,
                where=where(plan.retrieve.filter),
                seed=self.seed,
            )
            for examples, oracle, hidden in ((self.train, plan.tune.oracle, self.hidden), (self.dev, 1.0, ()))
        ]
        return made[0], made[1]


def studied(division: Division, tune: Tune, *, seed: int) -> tuple[Example, ...]:
    """The training examples, at most `rows` of them.

    What a `seen` question asks for comes first, one row each: a question whose fact was not studied would not be seen.
    The rest is drawn by hash, so that more rows keep the ones before.
    """
    if not tune.rows or tune.rows >= len(division.train):
        return tuple(division.train)
    order = sorted(division.train, key=lambda example: digest([seed, example.id]))
    asked = {_subject(example) for example in division.seen}
    first = {_subject(example): example.id for example in reversed(order) if _subject(example) in asked}
    needed = set(first.values())
    order.sort(key=lambda example: example.id not in needed)
    chosen = {example.id for example in order[: tune.rows]}
    return tuple(example for example in division.train if example.id in chosen)


def _subject(example: Example) -> tuple[str, ...]:
    """What an example asks for: its fact, or without one its documents."""
    return ("fact", example.fact) if example.fact else ("documents", *sorted(example.documents))


def watched(division: Division) -> tuple[Example, ...]:
    """The dev examples whose loss is watched."""
    return tuple(sorted(division.dev, key=lambda example: digest(example.id))[:DEV_ROWS])


def hidden_documents(division: Division, all_new: Sequence[Example]) -> tuple[str, ...]:
    """Documents of `new` questions: neither training rows nor few-shots may retrieve them."""
    trained = {name for example in division.train for name in example.documents}
    return tuple(sorted({name for example in all_new for name in example.documents} - trained))


def tuning(tune: Tune, *, seed: int, dtype: str) -> Tuning:
    return Tuning(
        method=tune.method,
        rank=tune.rank,
        alpha=tune.alpha,
        dropout=tune.dropout,
        rate=tune.rate,
        epochs=tune.epochs,
        batch=tune.batch,
        warmup=tune.warmup,
        max_tokens=tune.max_tokens,
        seed=seed,
        dtype=dtype,
    )


def train(study: Study, retriever: Retriever | None, *, folder: Path, progress: Progress = silent) -> Adapter:
    """The study's adapter: found if it is finished, else trained from where a kill left it."""
    finished = load_adapter(folder)
    if finished is not None:
        return finished
    rows, dev = study.rows(retriever)
    trainer = TRAINERS.load(study.plan.tune.trainer)(study.model, device=study.plan.model.device)
    adapter: Adapter = trainer.train(
        rows, dev, study.tuning, folder=folder, fingerprint=study.fingerprint, progress=progress
    )
    return adapter
