"""What a terminal says under the verdict: the few notes without which the table is misread, and what the report holds beyond.

Everything else stands in the pages. Knows the report's JSON, nothing behind it.
"""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages import freshness_words, preferred_words, probed
from openbook.compare.pages.footnotes import look
from openbook.compare.pages.tables import basis, so_far
from openbook.compare.planning import cuts

Json = Mapping[str, Any]


def lines(report: Json) -> list[str]:
    """What the intervals rest on, what is not whole yet or was cut, which look it is, and what a judge was asked for."""
    budget = cuts.notes(report["budget"]) if report.get("budget") else []
    about = [*_cut(report), *_changed(report), *budget, *_looks(report)]
    return [basis(report), *so_far(report), *about, *preferred_words.notes(report)]


def more(report: Json) -> str:
    """What the report's pages hold that the terminal does not show."""
    probes = report["probes"]
    held = {
        "why answers were wrong and what to try": bool(report.get("why", {}).get("rows")),
        "every tested pair": bool(report["pairs"]),
        "what forgetting cost": bool(probes.get("forgetting")),
        "the learning curve": bool(probes.get("curve")),
        **{_lower(section.title): True for section in probed.sections(report)},
        "what a year costs": bool(report.get("costs")),
        "what each figure rests on": True,
        "the answers side by side": True,
    }
    return f"More in the report: {', '.join(name for name, there in held.items() if there)}."


def _cut(report: Json) -> list[str]:
    told = [f"{arm['cut']} of {name}" for name, arm in report["arms"].items() if arm.get("cut")]
    return [f"Answers cut at the length limit: {', '.join(told)}."] if told else []


def _changed(report: Json) -> list[str]:
    told = freshness_words.origin(report["probes"]["freshness"] or {})
    return [f"Changed facts:{told}"] if told else []


def _looks(report: Json) -> list[str]:
    total = report.get("looks")
    counted = f" Looks at test scores so far: {total}. Use --dev for iterating." if total else ""
    return [f"{line}{counted}" for line in look(report)] or ([counted.strip()] if counted else [])


def _lower(title: str) -> str:
    return f"{title[0].lower()}{title[1:]}"
