"""The labels that an arm's answers are to be one of, from its settings and the project's references. Knows no model."""

from collections.abc import Sequence

from openbook.core.errors import ConfigError
from openbook.core.types import Example
from openbook.project.plans import ArmPlan
from openbook.prompt import abstained
from openbook.raft import abstention_of
from openbook.score.labels import normalised, spellings


def choices_of(chosen: ArmPlan, task: str, examples: Sequence[Example]) -> tuple[str, ...]:
    """The labels, as the references write them; "not known" is one of them where that can be right.

    Empty where answers are free text, as they are where no two references are the same.

    Args:
        examples: All of them: which labels there are is part of the job, known before any question is asked.

    Raises:
        ConfigError: Labels are asked for, and there are none.
    """
    generate = chosen.generate
    asked = generate.choices == "labels"
    if not asked and (generate.choices == "free" or task != "classify" or generate.schema_ is not None):
        return ()
    labels = spellings(examples)
    if asked and not labels:
        raise ConfigError('[generate] choices = "labels": no example has a reference to take a label from.')
    if not asked and len(labels) >= sum(example.answerable for example in examples):
        return ()
    unknown = _unknown(chosen, examples)
    return (*labels, unknown) if unknown and normalised(unknown) not in map(normalised, labels) else labels


def _unknown(chosen: ArmPlan, examples: Sequence[Example]) -> str:
    """How not to know is said, where some example has no answer: as these examples say it, if that is recognised."""
    if all(example.answerable for example in examples):
        return ""
    sentence, pattern = chosen.prompt.abstain, chosen.prompt.abstain_pattern
    written = abstention_of(examples, sentence)
    return written if abstained(written, sentence=sentence, pattern=pattern) else sentence
