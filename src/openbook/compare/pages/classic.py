"""The table with which retrieval and tuning are usually compared, filled with what was measured here.

Seven rows: what an arm needs and is, how it keeps up, what it costs. Knows the report's JSON, nothing behind it. What
was not measured says so; nothing is filled in from elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from openbook.arms import RETRIEVES, TUNES
from openbook.compare.pages.tables import grid, share, signed

Json = Mapping[str, Any]

UNKNOWN = "not measured"
ROWS = {
    "data requirement": "What it was given, beside the question.",
    "training": "Time and steps of training, of one seed.",
    "up-to-date knowledge": "Changed facts answered rightly, before and after the documents were updated.",
    "domain adaptation": "Gain on what was trained on in other words (seen) and on what was not (new); intervals: see the pairs.",
    "cost and complexity": "Parts to run, US dollars for 1,000 answers and to set it up.",
    "latency": "Seconds that one question takes, one at a time.",
    "maintenance": "What must be redone when the documents change, and how long it took here.",
}
"""Row → what stands in it."""


def classic(report: Json) -> list[dict[str, Any]]:
    """The rows in order, each with a text for every arm that answered."""
    arms = {name: arm for name, arm in report["arms"].items() if "scores" in arm}
    texts = (_data, _training, _knowledge, _adaptation, _cost, _latency, _maintenance)
    return [
        {"row": row, "meaning": meaning, "arms": {name: text(report, name) for name in arms}}
        for (row, meaning), text in zip(ROWS.items(), texts, strict=True)
    ]


def markdown(report: Json) -> str:
    """The table, the arms as columns."""
    rows = report["classic"]
    names = list(rows[0]["arms"])
    return grid(["", *names], [[row["row"], *(row["arms"][name] for name in names)] for row in rows])


def _data(report: Json, name: str) -> str:
    arm = report["arms"][name]
    parts = []
    if RETRIEVES.get(arm["kind"], False):
        parts.append(_counted(report["documents"]["count"], "document"))
    if arm["adapter"]:
        parts.append(f"{_counted(arm['adapter']['rows'], 'labelled row')}, {arm['adapter']['epochs']:g} times")
    if shots := len(arm["settings"].get("shots") or ()):
        parts.append(_counted(shots, "worked example"))
    return ", ".join(parts) or "nothing"


def _training(report: Json, name: str) -> str:
    arm = report["arms"][name]
    if arm["adapter"]:
        return f"{duration(arm['adapter']['seconds'])}, {_counted(arm['adapter']['steps'], 'step')}"
    return UNKNOWN if TUNES.get(arm["kind"], False) else "none"


def _knowledge(report: Json, name: str) -> str:
    row = _fresh(report, name)
    if row is None:
        return UNKNOWN
    told = f"{share(row['before']['right'])} before the update, {share(row['after']['right'])} after"
    new = row.get("retuned")
    return told if new is None else f"{told}; trained anew, {share(new['with']['right'])} in other words"


def _adaptation(report: Json, name: str) -> str:
    """Against the arm that is nearest to the bare model."""
    metric, sign = report["metric"], 1 if report["metrics"][0]["higher_is_better"] else -1
    plain = next((n for kind in ("base", "prompted") for n, arm in report["arms"].items() if _answers(arm, kind)), None)
    if plain is None:
        return UNKNOWN
    if plain == name:
        return "what the others are held against"
    own, other = (report["arms"][n]["scores"].get(metric, {}) for n in (name, plain))
    gains = [
        f"{stratum} {signed(sign * (own[stratum]['mean'] - other[stratum]['mean']))}"
        for stratum in ("seen", "new")
        if stratum in own and stratum in other
    ]
    return f"{', '.join(gains)} over {plain}" if gains else UNKNOWN


def _cost(report: Json, name: str) -> str:
    arm = report["arms"][name]
    kind, usd = arm["kind"], arm["usd"]
    parts = ["model", *(["index"] if RETRIEVES.get(kind, False) else []), *(["adapter"] if arm["adapter"] else [])]
    each = "price of answers unknown" if usd["per_1000"] is None else f"${usd['per_1000']:.3f} for 1,000 answers"
    setting_up = usd["training"] + usd["indexing"]
    return f"{' + '.join(parts)}; {each}" + (f", ${setting_up:.4f} to set up" if setting_up else "")


def _latency(report: Json, name: str) -> str:
    seconds = report["arms"][name]["seconds"]
    if "p50" not in seconds:
        return UNKNOWN
    return f"median {seconds['p50']:.2f} s, 95th percentile {seconds['p95']:.2f} s"


def _maintenance(report: Json, name: str) -> str:
    arm, probe = report["arms"][name], report["probes"]["freshness"]
    parts = []
    if RETRIEVES.get(arm["kind"], False):
        parts.append("re-index: " + (duration(probe["update_seconds"]) if probe else UNKNOWN))
    if TUNES.get(arm["kind"], False):
        when = "only where the task changes" if parts else "on newly labelled examples"
        again = [
            step["seconds"]
            for step in (probe or {}).get("steps", ())
            if step["step"] == "re-tune" and name in step["arms"]
        ]
        seconds = again or ([arm["adapter"]["seconds"]] if arm["adapter"] else [])
        parts.append(f"train again {when}: {duration(seconds[0]) if seconds else UNKNOWN}")
    return "; ".join(parts) or "nothing to redo, and nothing learnt of it"


def _fresh(report: Json, name: str) -> Json | None:
    found: Json | None = (report["probes"]["freshness"] or {}).get("arms", {}).get(name)
    return found


def _answers(arm: Json, kind: str) -> bool:
    return arm["kind"] == kind and "scores" in arm


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as one says them."""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
