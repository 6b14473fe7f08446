"""Arms as configured: a kind, and the sections it answers with. Knows nothing of models or files."""

from dataclasses import dataclass

from openbook.arms import RETRIEVES, TUNES
from openbook.config import ARM_KINDS, ArmKind, Config, Generate, Model, Prompt, Retrieve, Tune
from openbook.core.errors import ConfigError, unknown


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
    def impossible(self) -> str:
        """Why this model cannot have this arm; empty where it can."""
        scheme = self.model.name.split(":")[0]
        if self.tunes and scheme in ("openai", "quote"):
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
    return ArmPlan(
        name=name,
        kind=kind,
        model=(own and own.model) or config.model,
        generate=(own and own.generate) or config.generate,
        retrieve=(own and own.retrieve) or config.retrieve,
        prompt=(own and own.prompt) or config.prompt,
        tune=(own and own.tune) or config.tune,
    )


def plans(config: Config) -> list[ArmPlan]:
    """The arms to compare, in the configured order, each once."""
    return [plan(config, name) for name in dict.fromkeys(config.compare.arms)]
