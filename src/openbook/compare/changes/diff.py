"""Two reports side by side: what was set and asked otherwise, which figures changed, which verdicts, and what is advised.

Knows two reports' JSON, nothing behind it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from openbook.compare.changes.changes import Shared, changes, shared
from openbook.compare.pages.unlike import unlike

Json = Mapping[str, Any]

TOP = ("metric", "margin", "level")
COUNTS = ("side", "total", "train", "dev", "dropped", "seen", "new", "split_seed")
FIGURES = (("seconds", "p50"), ("seconds", "p95"), ("seconds", "first_token"), ("usd", "per_1000"), ("usd", "training"))
MIRRORED = {"better": "worse", "worse": "better"}


def diff(before: Json, after: Json) -> dict[str, Any]:
    """What changed from one report to the other, as the JSON object of `openbook report diff --json`."""
    both = shared(before, after)
    return {
        "schema": 1,
        "settings": list(_settings(before, after)),
        "arms": {"only_before": _only(before, after), "only_after": _only(after, before)},
        "questions": _questions(before, after, both),
        "changes": [asdict(change) for change in changes(before, after, both)],
        "figures": list(_figures(before, after)),
        "same_machine": before.get("machine") == after.get("machine"),
        "pairs": list(_pairs(before, after)),
        "recommendation": {
            "before": _advice(before),
            "after": _advice(after),
            "changed": before["recommendation"]["arm"] != after["recommendation"]["arm"],
        },
    }


def _settings(before: Json, after: Json) -> Iterator[Json]:
    """What is set otherwise: of the whole, of the examples, and of each arm that stands in both."""
    for key in TOP:
        if before[key] != after[key]:
            yield {"arm": None, "key": key, "before": str(before[key]), "after": str(after[key])}
    for key in COUNTS:
        old, new = (report["examples"].get(key) for report in (before, after))
        if old != new:
            yield {"arm": None, "key": f"examples.{key}", "before": str(old), "after": str(new)}
    for arm, new in after["arms"].items():
        old = before["arms"].get(arm)
        if old is not None:
            for row in unlike({"arms": {"before": old, "after": new}}):
                yield {"arm": arm, "key": row.key, "before": row.values[0].text, "after": row.values[-1].text}


def _only(one: Json, other: Json) -> list[str]:
    asked = {name for name, arm in other["arms"].items() if "scores" in arm}
    return [name for name, arm in one["arms"].items() if "scores" in arm and name not in asked]


def _questions(before: Json, after: Json, both: Shared) -> Json:
    old, new = ({row["id"] for row in report.get("answers", ())} for report in (before, after))
    return {
        "before": len(old),
        "after": len(new),
        "same": len(both.rows),
        "reworded": len(old & new) - len(both.rows),
        "only_before": len(old - new),
        "only_after": len(new - old),
    }


def _figures(before: Json, after: Json) -> Iterator[Json]:
    """Seconds, prices, failures and changed facts: shown, not tested, since a report has no single values of them."""
    for arm, new in after["arms"].items():
        old = before["arms"].get(arm, {})
        if "scores" not in old or "scores" not in new:
            continue
        for section, key in FIGURES:
            yield from _figure(arm, f"{section}.{key}", old[section].get(key), new[section].get(key))
        yield from _figure(arm, "failures", *(_share(row["failures"]["count"], row["asked"]) for row in (old, new)))
        yield from _figure(arm, "fresh", *(_fresh(report, arm) for report in (before, after)))


def _figure(arm: str, name: str, old: float | None, new: float | None) -> Iterator[Json]:
    if old != new:
        yield {"arm": arm, "figure": name, "before": old, "after": new}


def _share(count: int, n: int) -> float | None:
    return round(count / n, 6) if n else None


def _fresh(report: Json, arm: str) -> float | None:
    probe = (report.get("probes", {}).get("freshness") or {}).get("arms", {}).get(arm)
    return _share(probe["after"]["right"]["count"], probe["after"]["right"]["n"]) if probe else None


def _pairs(before: Json, after: Json) -> Iterator[Json]:
    """Pairs whose verdict is another one; which arm comes first may have changed too."""
    known = {}
    for pair in before["pairs"]:
        known[pair["a"], pair["b"], pair["metric"], pair["stratum"]] = pair["verdict"]
        mirrored = MIRRORED.get(pair["verdict"], pair["verdict"])
        known[pair["b"], pair["a"], pair["metric"], pair["stratum"]] = mirrored
    for pair in after["pairs"]:
        key = (pair["a"], pair["b"], pair["metric"], pair["stratum"])
        if key in known and known[key] != pair["verdict"]:
            named = {name: pair[name] for name in ("a", "b", "metric", "stratum", "exploratory")}
            yield {**named, "before": known[key], "after": pair["verdict"]}


def _advice(report: Json) -> Json:
    return {"arm": report["recommendation"]["arm"], "verdict": report["recommendation"]["verdict"]}
