"""What answers cost, in US dollars. Knows no price: prices and the machine's rate are given.

Nothing is amortised here: training and indexing are reported apart, because how many answers share them is the reader's.
"""

import math
from collections.abc import Iterable

from openbook.core.types import Answer, Usage

MILLION = 1_000_000
SECONDS_PER_HOUR = 3600


def tokens_usd(usage: Usage, *, prices: tuple[float, float]) -> float:
    """Price of a call of a paid model.

    Args:
        prices: US dollars per million (input, output) tokens.
    """
    return (usage.input_tokens * prices[0] + usage.output_tokens * prices[1]) / MILLION


def machine_usd(seconds: float, *, usd_per_hour: float) -> float:
    """Price of a machine that was busy for so many seconds."""
    return seconds * usd_per_hour / SECONDS_PER_HOUR


def busy_seconds(answer: Answer) -> float:
    """Seconds of all stages of an answer; `first_token` is a moment within `generate` and is not added to it."""
    stages = dict(answer.seconds)
    if "generate" in stages:
        stages.pop("first_token", None)
    return math.fsum(stages.values())


def answer_usd(answer: Answer, *, usd_per_hour: float, prices: tuple[float, float] | None = None) -> float:
    """Price of one answer: by tokens where the model has a price list, else by the seconds the machine was busy."""
    if prices is not None:
        return tokens_usd(answer.usage, prices=prices)
    return machine_usd(busy_seconds(answer), usd_per_hour=usd_per_hour)


def per_1000(usd: Iterable[float]) -> float | None:
    """Mean price of an answer × 1,000; None without answers."""
    amounts = list(usd)
    return 1000 * math.fsum(amounts) / len(amounts) if amounts else None
