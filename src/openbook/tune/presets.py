"""Hyperparameters that were left open, filled in from measured defaults. Knows the size of the model and of the data."""

from dataclasses import replace

from openbook.core.types import Tuning

SMALL = 500_000_000
"""Below this many parameters LoRA wants, and takes, a five times higher rate (measured on models of 30M to 135M)."""

SMALL_RATE = 1e-3
LARGE_RATE = 2e-4
FULL_RATE = 2e-5
"""All weights trained: a rate that does not wash out what they know."""

SMALL_FULL_RATE = 1e-4

STEPS = 200
"""An adapter wants about so many updates: of 80 facts studied for five passes, 50 updates (batch 8) fixed .05, 100 updates
(batch 4) .23 and 200 (batch 2) .55."""

SMALLEST_BATCH, LARGEST_BATCH = 2, 8


def resolve(tuning: Tuning, *, parameters: int, rows: int) -> Tuning:
    """The same tuning with rate, alpha and batch filled in where they are 0.

    Args:
        parameters: Number of weights of the base model.
        rows: Training rows.
    """
    return replace(
        tuning,
        rate=tuning.rate or _rate(tuning.method, parameters),
        alpha=tuning.alpha or 2 * tuning.rank,
        batch=tuning.batch or _batch(rows, tuning.epochs),
    )


def _batch(rows: int, epochs: float) -> int:
    return min(max(int(rows * epochs / STEPS), SMALLEST_BATCH), LARGEST_BATCH)


def _rate(method: str, parameters: int) -> float:
    small = parameters < SMALL
    if method == "full":
        return SMALL_FULL_RATE if small else FULL_RATE
    return SMALL_RATE if small else LARGE_RATE
