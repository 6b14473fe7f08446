"""Arms as configured: a kind, and the sections it answers with. Knows nothing of models or files."""

from dataclasses import dataclass

from openbook.arms import RETRIEVES, STUDIES_PASSAGES, TUNES
from openbook.config import ARM_KINDS, OUTSIDE, ArmKind, Config, Generate, Model, Prompt, Retrieve, Tune
from openbook.core.errors import ConfigError, unknown
from openbook.models import is_local

WHOLE = Generate(max_tokens=100_000)
"""An outside system ends its answers itself, unless its arm's own `[arms.NAME.generate]` says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """An arm's kind and its sections: its own where `[arms.NAME]` has them, else the project's."""

    name: str
    kind: ArmKind
    model: Model
    generate: Generate
    retrieve: Retrieve
    prompt: Prompt
    tune: Tune

    @property
    def retrieves(self) -> bool:
        return RETRIEVES[self.kind]

    @property
    def tunes(self) -> bool:
        return TUNES[self.kind]

    @property
    def studies_passages(self) -> bool:
        """Whether its adapter is trained over retrieved passages."""
        return self.kind in STUDIES_PASSAGES

    @property
    def scheme(self) -> str:
        """The beginning of the model's name, up to the colon."""
        return self.model.name.split(":")[0]

    @property
    def impossible(self) -> str:
        """Why this model cannot have this arm; empty where it can."""
        scheme = self.scheme
        if scheme in OUTSIDE and self.kind != "external":
            return f"{self.model.name} brings its own prompt and passages: give it an arm of kind 'external'"
        if self.tunes and scheme != "scripted" and not is_local(self.model.name):
            return f"{self.model.name} cannot be tuned here"
        if self.tunes and scheme == "scripted" and self.tune.trainer == "peft":
            return "a scripted model has no weights to tune; [tune] trainer = 'memorise' stands in for it"
        if self.tunes and self.model.adapter:
            return f"its model carries the adapter {self.model.adapter!r} already, and a second one does not go on top"
        if scheme == "quote" and not self.retrieves:
            return "quote answers from passages, and this arm retrieves none"
        return ""


def plan(config: Config, name: str) -> ArmPlan:
    """The arm of this name.

    Raises:
        ConfigError: It is neither a kind nor an `[arms.NAME]` table.
    """
    own = config.arms.get(name)
    if own is None and name not in ARM_KINDS:
        raise ConfigError(unknown("arm", name, {*ARM_KINDS, *config.arms}))
    kind = own.kind if own is not None else next(kind for kind in ARM_KINDS if kind == name)
    model = (own and own.model) or config.model
    limits = WHOLE if model.name.split(":")[0] in OUTSIDE else config.generate
    return ArmPlan(
        name=name,
        kind=kind,
        model=model,
        generate=(own and own.generate) or limits,
        retrieve=(own and own.retrieve) or config.retrieve,
        prompt=(own and own.prompt) or config.prompt,
        tune=(own and own.tune) or config.tune,
    )


def plans(config: Config) -> list[ArmPlan]:
    """The arms to compare, in the configured order, each once."""
    return [plan(config, name) for name in dict.fromkeys(config.compare.arms)]
