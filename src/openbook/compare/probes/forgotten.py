"""What the forgetting probe found: each tuned arm's model against itself without the adapter, paired text by text.

`worse` is forgetting that is shown, `equivalent` is forgetting of the margin or more ruled out, `floor` is a base that
had next to nothing to forget. All tests of the probe are one family, adjusted by Holm. Knows records of losses and
replies, not how they came about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openbook.compare.probes.forgetting import Patient, Probe, Subject, question
from openbook.core.ids import digest
from openbook.core.types import Answer
from openbook.score.instructions import Instruction, follows
from openbook.score.stats import Contrast, Verdict, classify, contrast

LOSS_MARGIN = 0.02
"""Nats per token: a rise of 2 % in perplexity."""

FOLLOWED_MARGIN = 0.1
"""Of the share of instructions followed: a narrower one could hardly be decided with the 60 that ship."""

FLOOR = 0.1
"""A base that follows a smaller share of the instructions cannot forget them."""

MOST_NATS = 12.0
"""A token costs no more where the model guesses evenly among 160,000: the bound of the losses' intervals."""

Json = dict[str, Any]
Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure of a model without and with its adapter, item by item.

    Attributes:
        base: By item, for the items put to both; None for a failure.
        tuned: The same items with the adapter.
        contrast: With the adapter against without, positive is better; None where nothing can be tested.
        reason: Why not: not applicable, nothing measured, or the floor.
        floor: The base had too little to forget.
    """

    base: Values
    tuned: Values
    contrast: Contrast | None = None
    reason: str = ""
    floor: bool = False


def row(probe: Probe | None, *, level: float) -> Json | None:
    """The report's `probes.forgetting`; None where the probe is left out or nothing was measured yet."""
    if probe is None:
        return None
    measured: dict[tuple[Path, Path], tuple[Measured, Measured]] = {}
    for patient in probe.patients:
        measured.setdefault(_key(patient), (_loss(patient, probe, level), _followed(patient, probe, level)))
    tested = [one for both in measured.values() for one in both if one.contrast is not None]
    decided = classify([one.contrast for one in tested if one.contrast is not None], alpha=round(1 - level, 10))
    verdicts = {id(one): verdict for one, verdict in zip(tested, decided, strict=True)}
    arms: Json = {}
    for patient in probe.patients:
        loss, followed = measured[_key(patient)]
        if loss.base or followed.base:
            arms[patient.name] = {
                "loss": _figures(loss, verdicts.get(id(loss)), rising_is_worse=True),
                "instructions": {
                    **_figures(followed, verdicts.get(id(followed)), rising_is_worse=False),
                    **_changed(followed),
                },
            }
    margins = {"loss": LOSS_MARGIN, "instructions": FOLLOWED_MARGIN}
    sizes = {"paragraphs": len(probe.paragraphs), "instructions": len(probe.instructions)}
    return {**sizes, "margins": margins, "arms": arms} if arms else None


def _key(patient: Patient) -> tuple[Path, Path]:
    return patient.base.log.folder, patient.tuned.log.folder


def _loss(patient: Patient, probe: Probe, level: float) -> Measured:
    reason = patient.tuned.no_loss or patient.base.no_loss
    if reason:
        return Measured(base={}, tuned={}, reason=reason)
    keys = {name: digest(text) for name, text in probe.paragraphs.items()}
    base, tuned = patient.base.losses(), patient.tuned.losses()
    both = [name for name, key in keys.items() if key in base and key in tuned]
    return _measured(
        {name: base[keys[name]] for name in both}, {name: tuned[keys[name]] for name in both}, level, of_loss=True
    )


def _followed(patient: Patient, probe: Probe, level: float) -> Measured:
    base, tuned = (_replies(subject, probe.instructions) for subject in (patient.base, patient.tuned))
    both = [name for name in base if name in tuned]
    return _measured({name: base[name] for name in both}, {name: tuned[name] for name in both}, level, of_loss=False)


def _replies(subject: Subject, instructions: Sequence[Instruction]) -> dict[str, float | None]:
    """1 where the reply follows the instruction, else 0; None for a failure. Only what was asked."""
    asked = {one.id: (one, subject.log.records.get(question(one).key)) for one in instructions}
    return {
        name: float(follows(one.check, record.result.text)) if isinstance(record.result, Answer) else None
        for name, (one, record) in asked.items()
        if record is not None
    }


def _measured(base: Values, tuned: Values, level: float, *, of_loss: bool) -> Measured:
    scored = [name for name in base if base[name] is not None and tuned[name] is not None]
    if not scored:
        return Measured(base=base, tuned=tuned, reason="none was measured both without and with the adapter")
    share = _mean([base[name] for name in scored])
    if not of_loss and share < FLOOR:
        reason = f"the base follows {share:.0%} of the instructions: it has next to none to forget"
        return Measured(base=base, tuned=tuned, reason=reason, floor=True)
    return Measured(
        base=base,
        tuned=tuned,
        contrast=contrast(
            list(tuned.values()),
            list(base.values()),
            list(base),
            margin=LOSS_MARGIN if of_loss else FOLLOWED_MARGIN,
            level=level,
            alpha=round(1 - level, 10),
            higher_is_better=not of_loss,
            bounds=(0.0, MOST_NATS) if of_loss else (0.0, 1.0),
        ),
    )


def _figures(one: Measured, verdict: Verdict | None, *, rising_is_worse: bool) -> Json:
    scored = [name for name in one.base if one.base[name] is not None and one.tuned[name] is not None]
    if not scored:
        return {"not_applicable": one.reason}
    shown: Json = {
        "base": round(_mean([one.base[name] for name in scored]), 6),
        "tuned": round(_mean([one.tuned[name] for name in scored]), 6),
        "n": len(scored),
        "failures": len(one.base) - len(scored),
        "verdict": "floor" if one.floor else verdict.kind if verdict else "undecided",
        "reason": one.reason or (verdict.reason if verdict else ""),
    }
    if one.contrast is None or verdict is None:
        return shown
    found = one.contrast
    ends = (found.difference, found.low, found.high)
    difference, low, high = (-ends[0], -ends[2], -ends[1]) if rising_is_worse else ends
    tested = {"difference": difference, "low": low, "high": high, "p": found.p, "p_adjusted": verdict.p_adjusted}
    # Adding 0.0 turns a negative zero into a plain one.
    return {**shown, **{name: round(value, 6) + 0.0 for name, value in tested.items()}}


def _changed(followed: Measured) -> Json:
    """Which instructions only one of the two followed."""
    if not followed.base:
        return {}
    pairs = {name: (followed.base[name], followed.tuned[name]) for name in followed.base}
    return {
        "lost": sorted(name for name, pair in pairs.items() if pair == (1.0, 0.0)),
        "gained": sorted(name for name, pair in pairs.items() if pair == (0.0, 1.0)),
    }


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known)
