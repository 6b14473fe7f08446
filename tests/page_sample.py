"""A report as the comparison makes it, small and with known figures, for tests of the pages that show it."""

import copy
from typing import Any

from openbook.compare.causes.causes import NAMES, fix
from openbook.compare.pages.classic import classic

Json = dict[str, Any]

PRIMARY = {"base": 0.1, "rag": 0.5, "hybrid": 0.8}
MACHINE = {"cpu": "Test CPU", "cores": 2, "accelerator": "cpu", "bf16": False}
WHY = {
    **{("base", name): "not_known" for name in ("q1", "q3", "q4")},
    ("rag", "q1"): "unused",
    ("rag", "q3"): "not_retrieved",
    ("hybrid", "q1"): "unused",
}
"""(arm, question) → class, of the wrong answers."""
PASSAGE = {"label": "fees", "path": "Fees › Late", "text": "Late returns cost 2 euros a day."}


def report() -> Json:
    """Three arms over four questions, with the freshness probe; `hybrid` is recommended."""
    sample = _sample()
    return {**sample, "classic": classic(sample)}


def _sample() -> Json:
    return copy.deepcopy(
        {
            "schema": 1,
            "project": {"name": "library", "task": "answer"},
            "metric": "facts",
            "margin": 0.05,
            "level": 0.95,
            "metrics": [_metric("facts", "facts|v1"), _metric("voice", "pattern|abc|v:1"), _metric("f1", "f1|v:1")],
            "examples": {
                "side": "test",
                "total": 40,
                "train": 20,
                "dev": 8,
                "dropped": 1,
                "seen": 2,
                "new": 2,
                "asked": {"seen": 2, "new": 2},
                "groups": {"all": 4, "seen": 2, "new": 2},
                "split_seed": 0,
            },
            "documents": {"count": 3, "skipped": {}},
            "arms": {
                **{name: _arm(name, mean) for name, mean in PRIMARY.items()},
                "tuned": {"kind": "tuned", "not_applicable": "quote cannot be tuned here"},
            },
            "pairs": [
                _pair("rag", "base", 0.4, "better"),
                _pair("hybrid", "base", 0.7, "better"),
                _pair("hybrid", "rag", 0.3, "undecided", needed=120),
                {**_pair("hybrid", "rag", 0.2, "undecided"), "stratum": "seen", "exploratory": True},
            ],
            "probes": {
                "freshness": {
                    "facts": 2,
                    "questions": 6,
                    "update_seconds": 1.5,
                    "arms": {
                        "base": {"before": _tally(stale=2), "after": _tally(stale=2)},
                        "rag": {"before": _tally(stale=5), "after": _tally(fresh=4)},
                        "hybrid": {"before": _tally(stale=6), "after": _tally(fresh=5)},
                    },
                },
                "gap": {"hybrid": {"train": _cell(0.9), "dev": _cell(0.7), "seen": _cell(0.8), "new": _cell(0.8)}},
            },
            "recommendation": {
                "arm": "hybrid",
                "verdict": "Use hybrid: its facts of 0.80 beats every other arm's. It costs more.",
                "verdict_cells": _cells("facts.all"),
                "reasons": [
                    "facts: base 0.10 [0.02, 0.30], rag 0.50 [0.40, 0.60], hybrid 0.80 [0.70, 0.90].",
                    "form: base 0.10, rag 0.50, hybrid 0.80.",
                    "changed facts answered rightly after the update: base 0.00, rag 0.67, hybrid 0.83.",
                    "median seconds an answer takes, one at a time: base 1.00 s, rag 2.00 s, hybrid 3.00 s.",
                ],
                "reason_cells": [_cells(cell) for cell in ("facts.all", "voice.all", "fresh", "seconds.p50")],
                "flips_if": ["a limit on latency below 3.00 s: rag answers in 2.00 s, with 0.50."],
                "flip_cells": [["rag.seconds.p50", "rag.facts.all"]],
            },
            "why": _why(base={"not_known": 3}, rag={"not_retrieved": 1, "unused": 1}, hybrid={"unused": 1}),
            "machine": MACHINE,
            "machines": [MACHINE],
            "answers": [
                _question("q1", "What is the late fee?", {"base": 0, "rag": 0, "hybrid": 0}, tags=["typo"]),
                _question("q2", "When do you open?", {"base": 1, "rag": 1, "hybrid": 1}),
                _question("q3", "May I bring a dog?", {"base": 0, "rag": 0, "hybrid": 1}, stratum="new"),
                _question("q4", "Who mends bikes?", {"base": 0, "rag": 1, "hybrid": 1}, stratum="new"),
            ],
        }
    )


def _cells(cell: str) -> list[str]:
    return [f"{name}.{cell}" for name in PRIMARY]


def _why(**counts: dict[str, int]) -> Json:
    found = {arm: {cause: given.get(cause, 0) for cause in NAMES} for arm, given in counts.items()}
    return {
        "below": 1.0,
        "arms": found,
        "totals": {arm: {"wrong": sum(given.values()), "answers": 4} for arm, given in found.items()},
        "rows": [
            {"class": cause, "arm": arm, "count": found[arm][cause], "fix": fix(cause, kind=arm)}
            for cause in NAMES
            for arm in found
            if found[arm][cause]
        ],
    }


def _metric(name: str, signature: str) -> Json:
    return {"name": name, "signature": signature, "higher_is_better": True, "primary": name == "facts"}


def _cell(mean: float) -> Json:
    low, high = round(max(0.0, mean - 0.1), 2), round(min(1.0, mean + 0.1), 2)
    return {"mean": mean, "low": low, "high": high, "level": 0.95, "n": 4, "groups": 4, "failures": 0}


def _arm(name: str, mean: float) -> Json:
    place = list(PRIMARY).index(name)
    looks_up = {"content": "c0ffee", "passages": 2, "where": "None"} if name != "base" else None
    strata = {stratum: _cell(mean) for stratum in ("all", "seen", "new")}
    trained = {"rows": 20, "steps": 10, "tokens": 12345, "seconds": 60.0, "epochs": 2.0}
    adapter = {"fingerprints": ["ad1"], "last_loss": 0.3, "dev_loss": 0.8, **trained} if name == "hybrid" else None
    return {
        "kind": name,
        "model": "smollm2-reader",
        "seeds": [0],
        "runs": [f"run{place}"],
        "settings": {
            "generator": "g" if name != "hybrid" else "g+ad1",
            "instructions": "" if name == "base" else "Answer in one sentence and name the page. " * 3,
            "retrieval": looks_up,
            "max_tokens": 48,
        },
        "adapter": adapter,
        "scores": {"facts": strata, "voice": {"all": _cell(mean)}, "f1": {"all": _cell(mean)}},
        "asked": 4,
        "failures": {"count": 0, "transient": 0, "messages": []},
        "cut": 0,
        "abstained": 0,
        "tokens": {"input": 100.0, "output": 20.0},
        "seconds": {
            "n": 3,
            "first_token": 0.5,
            "p50": 1.0 + place,
            "p95": 2.0 + place,
            "by_stage": {"generate": 1.0 + place},
        },
        "usd": {"training": 0.0, "indexing": 0.0, "per_1000": 0.1 * (place + 1)},
    }


def _pair(a: str, b: str, difference: float, verdict: str, *, needed: int = 0) -> Json:
    return {
        "a": a,
        "b": b,
        "metric": "facts",
        "stratum": "all",
        "difference": difference,
        "low": round(difference - 0.2, 2),
        "high": round(difference + 0.2, 2),
        "p": 0.0004,
        "p_adjusted": 0.012,
        "smallest": 0.0001,
        "verdict": verdict,
        "n": 4,
        "groups": 4,
        "failures": 0,
        "needed": needed,
        "exploratory": False,
        "reason": "",
    }


def _tally(*, fresh: int = 0, stale: int = 0) -> Json:
    counts = {"fresh": fresh, "stale": stale, "both": 0, "neither": 6 - fresh - stale, "abstained": 0}
    shares: Json = {kind: {"count": count, "n": 6, "low": 0.0, "high": 0.5} for kind, count in counts.items()}
    return {**shares, "right": {"count": fresh, "n": 6, "low": 0.1, "high": 0.9}, "failures": 0}


def _question(
    name: str, text: str, marks: dict[str, int], *, stratum: str = "seen", tags: list[str] | None = None
) -> Json:
    return {
        "id": name,
        "input": text,
        "reference": f"The right answer to {name}.",
        "stratum": stratum,
        "group": name,
        "tags": tags or [],
        "documents": ["pages/fees.md"],
        "arms": {
            arm: {
                **answer(f"{arm} says {name}", facts=mark, looks_up=arm != "base"),
                **({} if mark else {"why": WHY[arm, name]}),
            }
            for arm, mark in marks.items()
        },
    }


def answer(text: str, *, facts: float, looks_up: bool = False) -> Json:
    """One arm's answer, with a primary mark and two others."""
    return {
        "text": text,
        "cut": False,
        "abstained": False,
        "marks": {"facts": facts, "voice": 1.0, "f1": 0.25},
        "passages": [dict(PASSAGE)] if looks_up else [],
        "cited": [],
    }
