"""Hyperparameters that were left open, filled in from measured defaults. Knows only the size of the model."""

from dataclasses import replace

from openbook.core.types import Tuning

SMALL = 500_000_000
"""Below this many parameters LoRA wants, and takes, a five times higher rate (measured on models of 30M to 135M)."""

SMALL_RATE = 1e-3
LARGE_RATE = 2e-4
FULL_RATE = 2e-5
"""All weights trained: a rate that does not wash out what they know."""

SMALL_FULL_RATE = 1e-4


def resolve(tuning: Tuning, *, parameters: int) -> Tuning:
    """The same tuning with rate and alpha filled in where they are 0.

    Args:
        parameters: Number of weights of the base model.
    """
    return replace(
        tuning,
        rate=tuning.rate or _rate(tuning.method, parameters),
        alpha=tuning.alpha or 2 * tuning.rank,
    )


def _rate(method: str, parameters: int) -> float:
    small = parameters < SMALL
    if method == "full":
        return SMALL_FULL_RATE if small else FULL_RATE
    return SMALL_RATE if small else LARGE_RATE
