"""What answering and training are expected to take, from constants: the prior of a plan, before anything is measured.

Tokens are counted as characters / 4; speeds are those measured for a 135M-parameter model on two cores, scaled by the
model's size. Knows nothing of what this machine did so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openbook import models
from openbook.arms import SHOWS_SHOTS
from openbook.core.errors import OpenbookError
from openbook.project import ArmPlan, Project

CHARACTERS_A_TOKEN = 4
REFERENCE_PARAMETERS = 135e6
CALL_SECONDS = 1.5
"""An API model's answer, with `concurrency` calls under way at once."""

TEMPLATE_TOKENS = 15
"""What a chat template puts around a question and its answer."""

FILLED = 0.85
"""Of a passage's limit is filled on average, since sections end where they end."""

READER_TOKENS = 6
"""An answer of the reader that ships, which was taught to quote: where nothing else teaches it to say more."""

ALONE = 7
"""So many times slower an answer is written alone than in a batch."""

START_SECONDS = 5.0
"""Loading the model and rendering the rows, for each training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Tokens a second: reading prompts, writing answers in batches, training."""

    read: float
    write: float
    train: float

    def over(self, size: float) -> "Speeds":
        """Of a model so many times larger."""
        return Speeds(read=self.read / size, write=self.write / size, train=self.train / size)


BF16 = Speeds(read=900, write=125, train=270)
FP32 = Speeds(read=300, write=50, train=200)
"""Of the reference model on two cores."""


def reference_speeds() -> tuple[Speeds, str]:
    """Speeds of the reference model here, and what they are based on.

    What this machine does fast is taken as far as that is known: asking it anew would load torch.
    """
    if not (models.home() / "machine.json").exists():
        return FP32, "estimated from speeds measured in float32 on two cores; this machine was not asked yet"
    machine = models.machine()
    fast = machine.bf16 or machine.accelerator != "cpu"
    kind = "bfloat16" if fast else "float32"
    return BF16 if fast else FP32, f"estimated from speeds measured in {kind} on two cores"


def size(plan: ArmPlan) -> float:
    """How many times the reference model's parameters; 1 where the model is not on this machine yet."""
    try:
        parameters = models.locate(plan.model.name, revision=plan.model.revision).parameters
    except OpenbookError:
        return 1.0
    return max(0.05, parameters / REFERENCE_PARAMETERS)


LABEL_TOKENS = 8
"""Read, when one of several labels has to be chosen: a few labels, together."""


def answer_seconds(project: Project, plan: ArmPlan, asked: int, speeds: Speeds) -> float:
    """Seconds of answering so many questions.

    Args:
        speeds: Of the arm's own model.
    """
    if plan.scheme in ("quote", "scripted", "recorded"):
        return asked * 0.01
    if plan.scheme == "openai":
        return asked * CALL_SECONDS / plan.model.concurrency
    if not models.is_local(plan.model.name):
        return asked * CALL_SECONDS
    # A prompt's fixed part is read once, so few-shots and instructions hardly count.
    read = prompt_tokens(project, plan) - _head(plan)
    written = LABEL_TOKENS if project.choices(plan) else answer_tokens(project, plan)
    return asked * (read / speeds.read + written / speeds.write)


def training_seconds(project: Project, plan: ArmPlan, rows: int, speeds: Speeds) -> float:
    """Seconds of training one adapter on so many rows, without those of the start."""
    references = mean_tokens([example.reference for example in project.exam.division.train])
    return rows * plan.tune.epochs * (prompt_tokens(project, plan) + references) / speeds.train


def answer_tokens(project: Project, plan: ArmPlan) -> float:
    """Arms that were shown or taught how to answer do it like the references; others as long as they may, nearly."""
    if plan.tunes or (SHOWS_SHOTS[plan.kind] and plan.prompt.shots):
        return min(plan.generate.max_tokens, mean_tokens([example.reference for example in project.exam.examples]))
    longest = 0.7 * plan.generate.max_tokens
    return min(longest, READER_TOKENS) if plan.model.name == "smollm2-reader" else longest


def prompt_tokens(project: Project, plan: ArmPlan) -> float:
    """Tokens of a prompt, few-shots that are the same for every question left out."""
    passages = plan.retrieve.passages * project.config.chunks.tokens * FILLED if plan.retrieves else 0
    asked = mean_tokens([example.input + (example.context or "") for example in project.exam.examples])
    nearest = SHOWS_SHOTS[plan.kind] and plan.prompt.shots_by == "nearest"
    shots = plan.prompt.shots * asked if nearest else 0
    return TEMPLATE_TOKENS + _head(plan) + shots + passages + asked


def mean_tokens(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / max(1, len(texts)) / CHARACTERS_A_TOKEN


def _head(plan: ArmPlan) -> float:
    """The fixed part of a prompt."""
    return 0 if plan.kind == "base" else len(plan.prompt.instructions) / CHARACTERS_A_TOKEN
