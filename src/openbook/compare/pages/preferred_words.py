"""What a judge of pairs prefers, in words and tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import figure

Json = Mapping[str, Any]

SAYS = {"better": "preferred", "worse": "not preferred", "equivalent": "as good", "undecided": "undecided"}
"""A verdict on the first arm of a pair, in a word."""


def section(report: Json) -> Section | None:
    """None where no pair was judged."""
    found = report.get("preferences")
    if not found:
        return None
    return Section(
        key="preferences",
        title="Answers side by side, judged",
        lead=f"{found['model']} was shown two arms' answers to one question and asked which meets the criterion better:"
        f" “{found['criteria']}” Every pair is shown in both orders, and an answer wins only where both orders say so."
        f" A tie is half a win. Exploratory: the recommendation does not rest on it. {found['trust']}",
        grids=[Grid(name="Win rates by the judge", head=_head(), body=[_row(pair) for pair in found["pairs"]])],
        remarks=_remarks(report, found),
    )


def notes(report: Json) -> list[str]:
    """A line a pair, for a terminal."""
    found = report.get("preferences") or {"pairs": (), "trusted": True}
    doubt = "" if found["trusted"] else " The judge is unvalidated."
    return [
        f"judge: {pair['a']} against {pair['b']}, win rate {_rate(pair)} over {pair['n']} questions:"
        f" {SAYS[pair['verdict']]}.{doubt}"
        for pair in found["pairs"]
        if "rate" in pair
    ]


def _head() -> list[str]:
    return [
        "pair",
        "win rate",
        "verdict",
        "wins",
        "losses",
        "ties",
        "ties by contradiction",
        "not judged",
        "p adjusted",
    ]


def _row(pair: Json) -> list[str]:
    counts = [str(pair[name]) for name in ("wins", "losses", "ties", "contradicted", "failures")]
    tested = [_rate(pair), SAYS[pair["verdict"]]] if "rate" in pair else ["–", "–"]
    return [
        f"{pair['a']} against {pair['b']}",
        *tested,
        *counts,
        f"{pair['p_adjusted']:.3f}" if "rate" in pair else "–",
    ]


def _rate(pair: Json) -> str:
    return f"{figure(pair['rate'])} [{figure(pair['low'])}, {figure(pair['high'])}]"


def _remarks(report: Json, found: Json) -> list[str]:
    replies, steady = found["replies"], found["steady"]
    lines = [_order(found["first_place"])] if found["first_place"] else []
    if steady:
        lines.append(f"Shown again in the same order, it said the same in {steady['count']} of {steady['n']} cases.")
    lines.append(
        f"Of {replies['count']} replies {replies['unreadable']} were refusals or named neither an answer nor a tie, and"
        f" {replies['failed']} failed; a question that is lost by them widens the interval to its worst and its best."
    )
    if alike := sum(pair["alike"] for pair in found["pairs"]):
        lines.append(f"{alike} pairs of answers were the same text: ties, and the judge was not asked.")
    if any(len(report["arms"][pair[side]].get("seeds", ())) > 1 for pair in found["pairs"] for side in ("a", "b")):
        lines.append("Of arms with several training seeds, the first seed's answers were judged.")
    return lines


def _order(first: Json) -> str:
    told = f"It names the first place in {figure(first['mean'])} [{figure(first['low'])}, {figure(first['high'])}] of its choices"
    if first["low"] > 0.5:
        return f"Order effect: {told}. It prefers what stands first, whatever it is."
    if first["high"] < 0.5:
        return f"Order effect: {told}. It prefers what stands second, whatever it is."
    return f"No order effect is shown: {told}, where .50 would be none."
