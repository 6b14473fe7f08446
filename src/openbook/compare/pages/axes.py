"""Axes of a drawing: where a value lies as a share of the width, and round values to mark. Draws nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values → shares of a drawing's width; `left` and `right` are where the axis begins and ends."""

    low: float
    high: float
    left: float
    right: float
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], *, left: float, right: float) -> "Scale":
        """From zero, or logarithmic where that would press the small values together."""
        low, high = min(values), max(values)
        if low > 0 and high > 10 * low:
            return cls(low=low / 1.3, high=high * 1.3, left=left, right=right, log=True)
        return cls(low=0.0, high=(high * 1.15) or 1.0, left=left, right=right)

    def share(self, value: float) -> float:
        """Where a value lies, in [left, right]."""
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.left + (self.right - self.left) * ((at - low) / (high - low) if high > low else 0.5)

    def at(self, value: float) -> str:
        """The same as an SVG length."""
        return percent(self.share(value))

    def ticks(self) -> list[float]:
        """Round values within the axis."""
        if not self.log:
            return round_values(self.low, self.high)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1,) if self.high > 300 * self.low else (1, 2, 5)
        return [t for power in powers for step in steps if self.low <= (t := step * 10.0**power) <= self.high]


def round_values(low: float, high: float) -> list[float]:
    """Three to eight round values within [low, high]."""
    rough = (high - low) / 7 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * k, 10) + 0.0 for k in range(first, math.floor(high / step + 1e-9) + 1)]


def ceiling(value: float) -> float:
    """The round value at or above, for the end of an axis."""
    marks = round_values(0.0, value or 1.0)
    step = marks[1] - marks[0] if len(marks) > 1 else value or 1.0
    return round(step * math.ceil((value or 1.0) / step - 1e-9), 10)


def percent(share: float) -> str:
    """A share as an SVG length: .25 → `25.00%`."""
    return f"{100 * share:.2f}%"
