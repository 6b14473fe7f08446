"""Half a page for whoever decides: the question, the answer, how sure it is, what it costs, what would change it.

Plain words, from the report's JSON alone; it says nothing that the report does not hold. Knows nothing of pages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.causes.causes import NAMES
from openbook.compare.pages import legend
from openbook.compare.pages.classic import duration
from openbook.compare.pages.wrongs import commonest

Json = Mapping[str, Any]


def memo(report: Json) -> str:
    """The memo as Markdown, at most 25 lines."""
    points = [f"**{head}.** {text}" for head, text in memo_points(report)]
    return "\n\n".join([f"# {report['project']['name']}: look it up, learn it, or both?", *points]) + "\n"


def memo_points(report: Json) -> list[tuple[str, str]]:
    """(head, sentences) in the order in which they are read."""
    found = [
        ("Question", _question(report)),
        ("Answer", _answer(report)),
        ("How sure", _sure(report)),
        ("What it costs", _costs(report)),
        ("What goes wrong", _wrong(report)),
        ("What would change it", _changes(report)),
        ("Not measured", _missing(report)),
    ]
    return [(head, text) for head, text in found if text]


def _question(report: Json) -> str:
    ways = [f"{name} ({legend.ARMS.get(arm['kind'], arm['kind'])})" for name, arm in _arms(report).items()]
    meaning = legend.metric_meaning(report["metrics"][0]).rstrip(".")
    return (
        f"Which of these ways of answering should we use: {'; '.join(ways)}? All were asked the same"
        f" {sum(report['examples']['asked'].values())} questions. They are judged by one figure, {report['metric']}:"
        f" {meaning[0].lower()}{meaning[1:]}."
    )


def _answer(report: Json) -> str:
    advice = report["recommendation"]
    side = " These were practice questions: this is no result yet." if report["examples"].get("side") == "dev" else ""
    return f"{advice['verdict']}{side}"


def _sure(report: Json) -> str:
    """The intervals of the arms in question, in words, and what they rest on."""
    told, groups, failed = [], 0, 0
    for name in _in_question(report):
        cell = report["arms"][name]["scores"].get(report["metric"], {}).get("all")
        if cell:
            low, high = _percent(cell["low"]), _percent(cell["high"])
            told.append(f"{name} {_percent(cell['mean'])} ({low} to {high})")
            groups, failed = max(groups, cell["groups"]), failed + cell["failures"]
    if not told:
        return "Not at all: no answer was marked."
    lost = f" {failed} of these answers failed; the ranges allow for that." if failed else ""
    return (
        f"Reached here, and probably on other questions of this kind: {'; '.join(told)}. That rests on {groups} unrelated groups of questions."
        f" Differences below {_percent(report['margin'])} were agreed beforehand not to matter.{lost}"
    )


def _costs(report: Json) -> str:
    told = []
    for name in _in_question(report):
        arm = report["arms"][name]
        usd, seconds = arm["usd"], arm["seconds"].get("p50")
        each = (
            "at a price that is not known" if usd["per_1000"] is None else f"${usd['per_1000']:.3f} for 1,000 answers"
        )
        parts = [each] + ([f"{seconds:.2f} s for one"] if seconds is not None else [])
        if arm.get("adapter"):
            parts.append(f"{duration(arm['adapter']['seconds'])} of training each time it is taught anew")
        told.append(f"{name}: {', '.join(parts)}")
    return f"{'; '.join(told)}." if told else ""


def _wrong(report: Json) -> str:
    told = []
    for name in _in_question(report):
        counts = report["why"]["arms"].get(name, {})
        total = report["why"]["totals"].get(name, {"wrong": 0, "answers": 0})
        found = commonest(counts)
        if found:
            rest = f", most often {NAMES[found[0]].plain} ({counts[found[0]]})"
            told.append(f"{name}: {total['wrong']} of {total['answers']}{rest}")
    return f"{'; '.join(told)}." if told else ""


def _changes(report: Json) -> str:
    sentences = [line[0].upper() + line[1:] for line in report["recommendation"]["flips_if"]]
    return " ".join(sentences)


def _missing(report: Json) -> str:
    """What a reader might take for granted and was not looked at."""
    arms, probes = _arms(report), report["probes"]
    gaps = []
    if not (probes["freshness"] or {}).get("arms"):
        gaps.append("what happens when the documents change")
    if not any("p50" in arm["seconds"] for arm in arms.values()):
        gaps.append("how long one answer takes")
    if {len(arm["seeds"]) for arm in arms.values() if arm.get("adapter")} == {1}:
        gaps.append("whether training again would come out the same (one training run each)")
    gaps += [f"{name} ({arm['not_applicable']})" for name, arm in report["arms"].items() if "scores" not in arm]
    gaps.append("other documents, other users and other models")
    text = "; ".join(gaps)
    return f"{text[0].upper()}{text[1:]}."


def _in_question(report: Json) -> Sequence[str]:
    """The recommended arm; without one the arms that the verdict rests on, or all."""
    advice = report["recommendation"]
    if advice["arm"]:
        return [name for name in _arms(report) if name == advice["arm"]]
    rested = {cell.removesuffix(f".{report['metric']}.all") for cell in advice["verdict_cells"]}
    return [name for name in _arms(report) if name in rested or not rested]


def _arms(report: Json) -> dict[str, Any]:
    return {name: arm for name, arm in report["arms"].items() if "scores" in arm}


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%" if value <= 1.5 else f"{value:.0f} points"
