"""Charts and a small track, drawn as inline SVG by plain functions. Knows no report: it is handed figures.

Horizontal places are percentages and text has a fixed size, so one drawing serves a phone and a desk. Colours are CSS
classes. Every chart has a title and a description that says in words what it shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from openbook.compare.pages.axes import Scale, ceiling, percent, round_values
from openbook.compare.pages.tables import figure, signed

NARROW = 320
"""Pixels of the narrowest drawing, for keeping labels apart."""
LONGEST = 16
"""Letters of the longest name that is written in full in a drawing; its title has the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An arm's figure with its interval, at a place on the horizontal axis."""

    name: str
    x: float
    mean: float
    low: float
    high: float
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The difference a − b of two arms with its interval and what was made of it."""

    a: str
    b: str
    difference: float
    low: float
    high: float
    verdict: str

    @property
    def told(self) -> str:
        """All of it, in words."""
        interval = f"[{signed(self.low)}, {signed(self.high)}]"
        return f"{self.a} − {self.b} {signed(self.difference)} {interval}, {self.verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What an arm said of the changed facts: class → answers, before and after the update.

    Attributes:
        right: Answers that are right by the new documents, before and after.
    """

    name: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    right: tuple[int, int]


def track(mean: float, low: float, high: float, *, top: float) -> str:
    """A thin rail from 0 to `top` with an interval and its middle; the figures stand beside it in words."""
    a, m, b = (percent(min(1.0, max(0.0, value / top))) for value in (low, mean, high))
    return (
        '<svg class="track" width="100%" height="8" aria-hidden="true" focusable="false">'
        f'<line class="rail" x1="0" x2="100%" y1="4" y2="4"/><line class="range" x1="{a}" x2="{b}" y1="4" y2="4"/>'
        f'<circle class="dot" cx="{m}" cy="4" r="3"/></svg>'
    )


def quality(points: Sequence[Point], *, metric: str, axis: str, unit: str) -> str:
    """The primary metric against what an answer takes; logarithmic where arms differ more than tenfold.

    Args:
        axis: What the horizontal axis measures, with its unit, as a label.
        unit: The unit alone, for the description; `$` goes before a figure.
    """
    height, above, below = 300, 26, 44
    top = ceiling(max(point.high for point in points))
    scale = Scale.over([point.x for point in points], left=0.11, right=0.97)

    def y(value: float) -> float:
        return round(above + (height - above - below) * (1 - value / top), 1)

    parts = [f'<text class="axis" x="0" y="12">{escape(metric)}</text>']
    for tick in round_values(0.0, top):
        parts.append(f'<line class="grid" x1="11%" x2="100%" y1="{y(tick)}" y2="{y(tick)}"/>')
        parts.append(f'<text class="tick" x="9%" y="{y(tick) + 4}" text-anchor="end">{figure(tick)}</text>')
    for tick in scale.ticks():
        parts.append(f'<text class="tick" x="{scale.at(tick)}" y="{height - 26}" text-anchor="middle">{tick:g}</text>')
    parts.append(f'<text class="axis" x="100%" y="{height - 6}" text-anchor="end">{escape(axis)}</text>')
    for point, label in zip(points, _labels(points, scale, y), strict=True):
        told = f"{point.name}: {metric} {_interval(point)}, {_amount(point.x, unit)}"
        x = scale.at(point.x)
        parts.append(
            f'<g class="{"point chosen" if point.chosen else "point"}"><title>{escape(told)}</title>'
            f'<line class="range" x1="{x}" x2="{x}" y1="{y(point.low)}" y2="{y(point.high)}"/>'
            f'<circle class="dot" cx="{x}" cy="{y(point.mean)}" r="5"/>{label}</g>'
        )
    told = "; ".join(f"{p.name} {_interval(p)} at {_amount(p.x, unit)}" for p in points)
    return _svg("quality", f"{metric} against {axis}", f"{told}.", height, parts)


def differences(rows: Sequence[Difference], *, metric: str, margin: float) -> str:
    """Differences of the arms with their intervals, over the band within which a difference counts as none."""
    step, height = 40, 40 * len(rows) + 24
    low = min(-margin, *(row.low for row in rows))
    high = max(margin, *(row.high for row in rows))
    scale = Scale(low=low, high=high, left=0.03, right=0.97)
    band = percent(scale.share(margin) - scale.share(-margin))
    parts = [
        f'<rect class="band" x="{scale.at(-margin)}" width="{band}" y="{y}" height="14"/>'
        f'<line class="zero" x1="{scale.at(0)}" x2="{scale.at(0)}" y1="{y}" y2="{y + 14}"/>'
        for y in range(19, step * len(rows), step)
    ]
    parts += [
        f'<text class="tick" x="{scale.at(tick)}" y="{height - 5}" text-anchor="middle">{signed(tick) if tick else 0}</text>'
        for tick in scale.ticks()
    ]
    for place, row in enumerate(rows):
        y = step * place
        parts.append(
            f'<g class="difference {escape(row.verdict)}">'
            f"<title>{escape(row.told)}</title>"
            f'<text class="label" x="0" y="{y + 14}">{escape(short(row.a))} − {escape(short(row.b))}</text>'
            f'<text class="told" x="100%" y="{y + 14}" text-anchor="end">{signed(row.difference)} {escape(row.verdict)}</text>'
            f'<line class="range" x1="{scale.at(row.low)}" x2="{scale.at(row.high)}" y1="{y + 26}" y2="{y + 26}"/>'
            f'<circle class="dot" cx="{scale.at(row.difference)}" cy="{y + 26}" r="5"/></g>'
        )
    told = "; ".join(row.told for row in rows)
    return _svg("differences", f"Differences in {metric}", f"{told}. Margin {margin:g}.", height, parts)


def risk(panels: Sequence[tuple[str, Mapping[str, Sequence[Sequence[float]]]]]) -> str:
    """Risk against coverage, one panel an arm; the first line is drawn whole, the second one dashed.

    Args:
        panels: Arm → what its answers are ordered by → (coverage, risk) of the surest ones, fewest first.
    """
    step, above, below = 150, 38, 28
    curves = [line for _, lines in panels for line in lines.values()]
    top, scale = ceiling(max(risk for line in curves for _, risk in line)), Scale(low=0, high=1, left=0.11, right=0.97)
    parts, told = [], []
    for place, (name, lines) in enumerate(panels):

        def y(value: float, base: float = step * place) -> float:
            return round(base + above + (step - above - below) * (1 - value / top), 1)

        keys = " · ".join(f"{'– –' if dashed else '—'} {key}" for dashed, key in enumerate(lines))
        parts.append(f'<text class="label" x="0" y="{step * place + 14}">{escape(short(name))}</text>')
        parts.append(f'<text class="tick" x="100%" y="{step * place + 14}" text-anchor="end">{escape(keys)}</text>')
        for tick in (0.0, top):
            parts.append(f'<line class="grid" x1="11%" x2="100%" y1="{y(tick)}" y2="{y(tick)}"/>')
            parts.append(f'<text class="tick" x="9%" y="{y(tick) + 4}" text-anchor="end">{figure(tick)}</text>')
        for tick in (0.0, 0.5, 1.0):
            low = step * (place + 1) - 10
            parts.append(f'<text class="tick" x="{scale.at(tick)}" y="{low}" text-anchor="middle">{tick:.0%}</text>')
        for dashed, (key, line) in enumerate(lines.items()):
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            for (a, b), (c, d) in pairwise(line):
                ends = f'x1="{scale.at(a)}" x2="{scale.at(c)}" y1="{y(b)}" y2="{y(d)}"'
                parts.append(f'<line class="range" {ends}{dash}/>')
            half, (coverage, last) = line[(len(line) - 1) // 2], line[-1]
            told.append(f"{name} by {key}: risk {half[1]:.2f} at {half[0]:.0%}, {last:.2f} at {coverage:.0%}")
            parts.append(f'<circle class="dot" cx="{scale.at(coverage)}" cy="{y(last)}" r="4"/>')
    return _svg("risk", "Risk against coverage", f"{'; '.join(told)}.", step * len(panels), parts)


def freshness(mixes: Sequence[Mix]) -> str:
    """What each arm said of the changed facts before the update and after it, as shares of its answers."""
    step, height = 64, 64 * len(mixes)
    parts, told = [], []
    for place, mix in enumerate(mixes):
        y, n = step * place, sum(mix.after.values())
        right = f"{mix.right[0]} → {mix.right[1]} of {n} right"
        parts.append(f'<text class="label" x="0" y="{y + 14}">{escape(short(mix.name))}</text>')
        parts.append(f'<text class="told" x="100%" y="{y + 14}" text-anchor="end">{right}</text>')
        for line, (when, counts) in enumerate((("before", mix.before), ("after", mix.after))):
            parts.append(f'<text class="tick" x="0" y="{y + 32 + 18 * line}">{when}</text>')
            parts += _bar(counts, f"{mix.name}, {when}", y + 21 + 18 * line)
            shares = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
            told.append(f"{mix.name} {when}: {shares or 'no answers'}")
    return _svg("fresh", "Answers on changed facts, before and after", f"{'; '.join(told)}.", height, parts)


def curve(lines: Sequence[tuple[str, Sequence[Point]]], *, metric: str) -> str:
    """The primary metric against training rows, one panel an arm.

    Args:
        lines: Arm → its points, whose `x` are rows; fewest first.
    """
    step, above, below = 150, 26, 28
    top = ceiling(max(point.high for _, points in lines for point in points))
    scale = Scale.over([point.x for _, points in lines for point in points], left=0.11, right=0.97)
    parts, told = [], []
    for place, (name, points) in enumerate(lines):

        def y(value: float, base: float = step * place) -> float:
            return round(base + above + (step - above - below) * (1 - value / top), 1)

        parts.append(f'<text class="label" x="0" y="{step * place + 14}">{escape(short(name))}</text>')
        for tick in (0.0, top):
            parts.append(f'<line class="grid" x1="11%" x2="100%" y1="{y(tick)}" y2="{y(tick)}"/>')
            parts.append(f'<text class="tick" x="9%" y="{y(tick) + 4}" text-anchor="end">{figure(tick)}</text>')
        for point in points:
            x, interval = scale.at(point.x), f"{_interval(point)} with {point.x:g} rows"
            parts.append(
                f'<g class="point"><title>{escape(f"{name}: {metric} {interval}")}</title>'
                f'<line class="range" x1="{x}" x2="{x}" y1="{y(point.low)}" y2="{y(point.high)}"/>'
                f'<circle class="dot" cx="{x}" cy="{y(point.mean)}" r="5"/>'
                f'<text class="tick" x="{x}" y="{step * (place + 1) - 10}" text-anchor="middle">{point.x:g}</text></g>'
            )
            told.append(f"{name} {interval}")
    return _svg("curve", f"{metric} by training rows", f"{'; '.join(told)}.", step * len(lines), parts)


def short(name: str) -> str:
    """A name as it is written in a drawing."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _bar(counts: Mapping[str, int], name: str, y: float) -> list[str]:
    """One bar of shares; a count is written where it fits."""
    left, start = 0.16, 0.16
    n = max(1, sum(counts.values()))
    parts = []
    for kind, count in counts.items():
        width = (1 - left) * count / n
        if count:
            parts.append(
                f'<rect class="share {kind}" x="{percent(start)}" width="{percent(width)}" y="{y}" height="15">'
                f"<title>{escape(name)}: {count} of {n} {kind}</title></rect>"
            )
        if width * NARROW > 8 * len(str(count)) + 4:
            middle = percent(start + width / 2)
            parts.append(
                f'<text class="count on-{kind}" x="{middle}" y="{y + 11.5}" text-anchor="middle">{count}</text>'
            )
        start += width
    return parts


def _labels(points: Sequence[Point], scale: Scale, y: Callable[[float], float]) -> list[str]:
    """A name beside each point: right of it, or left where that is free, moved down where neither is."""
    taken = [_Box(scale.share(p.x) - 0.02, scale.share(p.x) + 0.02, y(p.high) - 4, y(p.low) + 4) for p in points]
    made: dict[str, str] = {}
    for point in sorted(points, key=lambda p: (-p.mean, p.name)):
        share, width = scale.share(point.x), (7.5 * len(short(point.name)) + 2) / NARROW
        sides = [(share + 0.025, ""), (share - 0.025 - width, "end")]
        boxes = [
            (_Box(start, start + width, y(point.mean) + down - 7, y(point.mean) + down + 7), anchor)
            for down in range(0, 60, 3)
            for start, anchor in sides
            if start >= 0 and start + width <= 1.02
        ]
        box, anchor = next((found for found in boxes if not any(map(found[0].meets, taken))), boxes[0])
        taken.append(box)
        side = 'dx="-10" text-anchor="end"' if anchor else 'dx="10"'
        made[point.name] = (
            f'<text class="label" x="{percent(share)}" y="{box.top + 11:.1f}" {side}>{escape(short(point.name))}</text>'
        )
    return [made[point.name] for point in points]


@dataclass(frozen=True, slots=True)
class _Box:
    """A taken place: left and right as shares of the width, top and bottom in pixels."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _svg(key: str, title: str, description: str, height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg class="chart" role="img" aria-labelledby="{key}-title {key}-desc" width="100%" height="{height}">\n'
        f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(description)}</desc>\n'
        f"{body}\n</svg>"
    )


def _interval(point: Point) -> str:
    return f"{figure(point.mean)} [{figure(point.low)}, {figure(point.high)}]"


def _amount(value: float, unit: str) -> str:
    return f"${value:.3g}" if unit == "$" else f"{value:.3g} {unit}"
