"""A project as one object: everything is made when first asked for, so a call that only reads loads no model."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from openbook import config as configuration
from openbook import models
from openbook.arms import (
    SHOWS_SHOTS,
    Abstention,
    Arm,
    Find,
    Retrieval,
    Sampling,
    ShotsByQuestion,
    choose_shots,
    template_for,
)
from openbook.config import Config, Model
from openbook.core.durations import compact, seconds_of
from openbook.core.errors import UsageError
from openbook.core.ids import digest
from openbook.core.protocols import Generator, Progress, Retriever, silent
from openbook.core.types import Adapter, Example
from openbook.nearest import by_meaning, by_words, nearest_shots
from openbook.project.adapters import Study, hidden_documents, studied, train, watched
from openbook.project.choices import choices_of
from openbook.project.exam import Exam
from openbook.project.generators import open_generator
from openbook.project.knowledge import Knowledge, Version, search_settings, where
from openbook.project.plans import ArmPlan, plan, plans
from openbook.project.prompts import Found, candidates, keep_found, read_found, search_key
from openbook.project.second import SecondVersion
from openbook.project.sizes import Budget, capped, load, path, with_rows
from openbook.prompt import Shot, Template
from openbook.raft import labelled_passages
from openbook.tune.adapters import load_adapter
from openbook.workspace import Workspace


class Project:
    """A folder with `openbook.toml`.

    Args:
        root: The folder.
        config: Its checked configuration.

    Attributes:
        budget: The budget that the sizes in `config` were cut for; None where none was, or none is chosen yet.
    """

    def __init__(self, root: Path, config: Config) -> None:
        self.root = root
        self.config = config
        self.file = configuration.FILE
        self.budget: Budget | None = None
        self.workspace = Workspace(root)
        self.knowledge = Knowledge(root, config, self.workspace)
        self.second = SecondVersion(config, self.knowledge, self.workspace, lambda: self.exam)
        self._studied: Version = "current"
        self._generators: dict[str, Generator] = {}
        self._retrievers: dict[str, Retriever] = {}
        self._searches: dict[str, Path] = {}

    @classmethod
    def open(cls, root: Path, *, file: str = configuration.FILE, budget: str = "") -> "Project":
        """Read the configuration `file` in `root`; with a budget, the sizes that were chosen for it hold.

        Args:
            budget: In place of `[compare] budget`.

        Raises:
            ConfigError: No such file, or something in it is wrong.
            UsageError: The budget is no span of time.
        """
        root = root.resolve()
        project = cls(root, _with_budget(configuration.load(root / file), budget))
        project.file = file
        if not project.config.compare.budget:
            return project
        chosen = load(path(project.workspace, project.config, project.exam))
        return project if chosen is None else project.within(chosen)

    def within(self, budget: Budget) -> "Project":
        """The same project with its sizes cut for a budget."""
        made = self.resized(capped(self.config, budget.caps))
        made.budget = budget
        return made

    def resized(self, config: Config) -> "Project":
        """The same project with other sizes; documents, examples, index and division are shared, models are not."""
        made = Project(self.root, config)
        made.file = self.file
        made.knowledge, made.exam, made.second = self.knowledge, self.exam, self.second
        made._retrievers = self._retrievers
        return made

    def retaught(self, name: str, train: Sequence[Example], dev: Sequence[Example]) -> "Project":
        """The project after the update, in which this arm studies these examples over the second version."""
        made = self.resized(with_rows(self.config, {name: 0}))
        made.exam = self.exam.studying(train, dev)
        made._studied = "updates"
        return made

    @property
    def name(self) -> str:
        return self.config.project.name or self.root.name

    @cached_property
    def exam(self) -> Exam:
        return Exam(self.root, self.config, self.knowledge.names)

    def plan(self, name: str) -> ArmPlan:
        return plan(self.config, name)

    def plans(self) -> list[ArmPlan]:
        return plans(self.config)

    def arm(self, name: str, *, version: Version = "current", seed: int = 0) -> Arm:
        """An arm ready to be asked; model and index are opened at the first question.

        Raises:
            UsageError: The index is behind the files, the arm's adapter is not trained yet, or its prompt not chosen.
            ModelError: The model is not on this machine.
        """
        return self.arm_of(self._settled(self.plan(name)), version=version, seed=seed)

    def arm_of(self, chosen: ArmPlan, *, version: Version = "current", seed: int = 0) -> Arm:
        """The same of a plan, whose prompt is taken as it stands."""
        if chosen.impossible:
            raise UsageError(f"The arm {chosen.name!r} is not applicable: {chosen.impossible}.")
        prompt, generate = chosen.prompt, chosen.generate
        generator = self._generator(chosen, seed)
        return Arm(
            name=chosen.name,
            kind=chosen.kind,
            generator=generator,
            template=self.template(chosen),
            retrieval=self._retrieval(chosen, version) if chosen.retrieves else None,
            sampling=Sampling(
                max_tokens=generate.max_tokens,
                temperature=generate.temperature,
                stop=generate.stop,
                seed=generate.seed,
                schema=generate.schema_,
                choices=self.choices(chosen) if getattr(generator, "chooses", "") else (),
            ),
            abstention=Abstention(sentence=prompt.abstain, pattern=prompt.abstain_pattern),
            seed=seed,
            shots=self._shots(chosen),
        )

    def untuned(self, name: str) -> Generator:
        """The model of an arm without what the arm trained: what its adapter was put on."""
        return self._generator(replace(self.plan(name), kind="base"), 0)

    def template(self, chosen: ArmPlan) -> Template:
        """The arm's prompt; its few-shots come from training rows alone."""
        shots: tuple[Shot, ...] = ()
        if SHOWS_SHOTS[chosen.kind] and chosen.prompt.shots and chosen.prompt.shots_by == "fixed":
            groups = self.exam.groups.keys
            shots = choose_shots(
                self.exam.division.train, groups, count=chosen.prompt.shots, seed=self.config.examples.split.seed
            )
        return template_for(chosen.kind, instructions=chosen.prompt.instructions, shots=shots)

    def found_prompt(self, chosen: ArmPlan) -> Found | None:
        """The finished search for an arm's prompt."""
        return read_found(self._search_file(chosen))

    def keep_prompt(self, chosen: ArmPlan, found: Found) -> None:
        """Let this be the arm's prompt, as long as nothing that it was chosen by changes."""
        keep_found(self._search_file(chosen), found)

    def _search_file(self, chosen: ArmPlan) -> Path:
        asked_of = f"{chosen.name} {self.content() if chosen.retrieves else ''}"
        if asked_of not in self._searches:
            tried = [self.arm_of(one).fingerprint for one in candidates(chosen)]
            key = search_key(tried, self.exam.division.dev, self.config)
            self._searches[asked_of] = self.workspace.search(key)
        return self._searches[asked_of]

    def _settled(self, chosen: ArmPlan) -> ArmPlan:
        """The arm with the prompt that its search chose, where it searches for one."""
        tried = candidates(chosen)
        if not tried or chosen.impossible:
            return chosen
        found = self.found_prompt(chosen)
        if found is None:
            raise UsageError(
                f"The prompt of the arm {chosen.name!r} is not chosen yet: [prompt] search tries {len(tried)} on dev"
                " questions. Run: openbook compare"
            )
        return tried[found.chosen]

    def choices(self, chosen: ArmPlan) -> tuple[str, ...]:
        """The labels that the arm's answers are to be one of; empty where they are free text."""
        return choices_of(chosen, self.config.project.task, self.exam.examples)

    def _shots(self, chosen: ArmPlan) -> ShotsByQuestion | None:
        """Few-shots that depend on the question, where the arm shows any and its prompt asks for them."""
        if not SHOWS_SHOTS[chosen.kind] or not chosen.prompt.shots or chosen.prompt.shots_by == "fixed":
            return None
        lexical = chosen.retrieve.mode == "lexical"
        return nearest_shots(
            self.exam.division.train,
            self.exam.groups.keys,
            count=chosen.prompt.shots,
            measure=by_words if lexical else by_meaning(self.knowledge.embedder),
            measured_by="words" if lexical else self.knowledge.embedder.fingerprint,
        )

    def study(self, name: str, *, seed: int = 0) -> Study:
        """What this arm's adapter is made from.

        Raises:
            UsageError: A hybrid arm's index is behind the files.
        """
        chosen = self.plan(name)
        division = self.exam.division
        return Study(
            plan=chosen,
            template=self.template(chosen),
            model=self._base(chosen),
            train=studied(division, chosen.tune, seed=seed),
            dev=watched(division),
            hidden=hidden_documents(division, [*division.new, *division.dev]),
            content=self.content(self._studied) if chosen.studies_passages else "",
            seed=seed,
        )

    def adapter(self, name: str, *, seed: int = 0) -> Adapter | None:
        """The arm's adapter where it is finished; opens no model."""
        return load_adapter(self.workspace.adapter(self.study(name, seed=seed).fingerprint))

    def tune(self, name: str, *, seed: int = 0, progress: Progress = silent) -> Adapter:
        """Train the arm's adapter unless it is there; goes on from the last checkpoint after a kill.

        Raises:
            UsageError: The arm has no adapter, its model cannot be tuned, or there is nothing to train on.
        """
        chosen = self.plan(name)
        if not chosen.tunes:
            raise UsageError(f"The arm {name!r} is of kind {chosen.kind!r}, which trains nothing.")
        if chosen.impossible:
            raise UsageError(f"The arm {name!r} is not applicable: {chosen.impossible}.")
        study = self.study(name, seed=seed)
        if not study.train:
            raise UsageError("There are no training examples: label more, or lower [examples.split] test.")
        retriever = self.retriever(chosen, self._studied) if chosen.studies_passages else None
        return train(study, retriever, folder=self.workspace.adapter(study.fingerprint), progress=progress)

    def retriever(self, chosen: ArmPlan, version: Version = "current") -> Retriever:
        key = f"{version} {search_settings(chosen.retrieve)}"
        if key not in self._retrievers:
            self._retrievers[key] = self.knowledge.retriever(chosen.retrieve, version)
        return self._retrievers[key]

    @property
    def judging_model(self) -> Model:
        """The model of `[judge]`: what it does not say itself is as in `[model]`."""
        settings = self.config.judge
        own = {"base_url": settings.base_url, "api_key_env": settings.api_key_env}
        changed = {"name": settings.model, "revision": "", "adapter": "", **{k: v for k, v in own.items() if v}}
        return self.config.model.model_copy(update=changed)

    @cached_property
    def judging_generator(self) -> Generator:
        """The model of `[judge]`, opened at its first question.

        Raises:
            ModelError: The model is not on this machine.
        """
        chosen = replace(plan(self.config, "base"), model=self.judging_model)
        return open_generator(chosen, self._base(chosen), None, root=self.root)

    def close(self) -> None:
        """Let go of models and stores."""
        self._generators.clear()
        self._retrievers.clear()
        self.knowledge.close()

    def _retrieval(self, chosen: ArmPlan, version: Version) -> Retrieval:
        settings, oracle = chosen.retrieve, chosen.kind == "rag-oracle"
        find: Find = partial(labelled_passages, passages=settings.passages, where=where(settings.filter))
        return Retrieval(
            open=lambda: self.retriever(chosen, version),
            content=self.content(version),
            passages=settings.passages,
            where=where(settings.filter),
            settings=search_settings(settings) | ({"labels": self._labels} if oracle else {}),
            find=find if oracle else None,
        )

    @cached_property
    def _labels(self) -> str:
        """Hash of what perfect retrieval goes by: other labels find other passages."""
        labelled = [*self.exam.examples, *(self.second.questions or self.exam.updates)]
        return digest([[one.id, one.answerable, one.documents, one.facts] for one in labelled])

    def content(self, version: Version = "current") -> str:
        """Version of the index that answers will be looked up in.

        Raises:
            UsageError: It is behind the files.
        """
        content = self.knowledge.content(version)
        if content is None:
            raise UsageError(
                "The documents were not ingested yet, or have changed since. Bring the index up to date: openbook ingest"
            )
        return content

    def _base(self, chosen: ArmPlan) -> models.LocalModel | None:
        if not models.is_local(chosen.model.name):
            return None
        return models.locate(chosen.model.name, revision=chosen.model.revision)

    def _generator(self, chosen: ArmPlan, seed: int) -> Generator:
        """One generator for each model and adapter, shared by the arms that use it."""
        adapter = self.root / chosen.model.adapter if chosen.model.adapter else None
        if chosen.tunes:
            trained = self.adapter(chosen.name, seed=seed)
            if trained is None:
                raise UsageError(
                    f"The arm {chosen.name!r} has no adapter for these examples and settings yet. Train it with:"
                    f" openbook tune {chosen.name}"
                )
            adapter = Path(trained.folder)
        key = f"{chosen.model.model_dump_json()} {adapter} {chosen.prompt.abstain}"
        if key not in self._generators:
            self._generators[key] = open_generator(chosen, self._base(chosen), adapter, root=self.root)
        return self._generators[key]


def _with_budget(config: Config, budget: str) -> Config:
    if not budget:
        return config
    try:
        spelt = compact(seconds_of(budget))
    except ValueError as error:
        raise UsageError(f"--budget: {error}.") from error
    return config.model_copy(update={"compare": config.compare.model_copy(update={"budget": spelt})})
