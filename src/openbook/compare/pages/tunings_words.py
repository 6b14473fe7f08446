"""LoRA, QLoRA and all weights side by side, as tables. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import signed

Json = Mapping[str, Any]

METHODS = {"lora": "LoRA", "qlora": "QLoRA", "full": "all weights"}
FORGETS = {"worse": "forgets", "equivalent": "keeps", "better": "gains", "undecided": "undecided"}
HEADS = ("arm", "method", "training s", "on disk", "trained weights", "peak memory", "rise in general loss")


def section(report: Json) -> Section | None:
    """None where no two arms differ only in how they are tuned."""
    found: Sequence[Json] = report["probes"].get("tuning_methods") or ()
    if not found:
        return None
    arms = {name: arm for one in found for name, arm in one["arms"].items()}
    costs = Grid(name="What each method cost", head=HEADS, body=[[name, *_cells(arm)] for name, arm in arms.items()])
    return Section(
        key="tuning-methods",
        title="LoRA against full tuning",
        lead="Arms that differ only in how they are tuned. Memory is the most that training held at once: of the process,"
        " or of the graphics card. The rise is that of the forgetting probe, in nats per token.",
        grids=[*_differences(found), costs],
    )


def _differences(found: Sequence[Json]) -> list[Grid]:
    rows = [
        [
            f"{pair['a']} − {pair['b']}",
            pair["metric"],
            _interval(pair),
            pair["verdict"] + (", exploratory" if pair["exploratory"] else ""),
            str(pair["n"]),
            str(pair["groups"]),
        ]
        for one in found
        if (pair := one["difference"])
    ]
    head = ["pair", "metric", "difference", "verdict", "n", "groups"]
    return [Grid(name="What each method gained", head=head, body=rows)] if rows else []


def _cells(arm: Json) -> list[str]:
    trained, lost = arm["trainable"], arm["forgetting"]
    return [
        METHODS[arm["method"]],
        "–" if arm["seconds"] is None else f"{arm['seconds']:.1f}",
        _size(arm["stored_bytes"]),
        "–" if trained is None else f"{trained:,}".replace(",", "\u202f"),
        _size(arm["peak_bytes"]),
        f"{_rise(lost)} ({FORGETS[lost['verdict']]})" if lost else "–",
    ]


def _size(count: int | None) -> str:
    """Bytes as a person reads them."""
    if count is None:
        return "–"
    units = ("bytes", "kB", "MB", "GB")
    step = next((place for place in range(3) if count < 1000 ** (place + 1)), 3)
    return f"{count / 1000**step:.{1 if step == 3 else 0}f} {units[step]}"


def _rise(row: Json) -> str:
    return f"{row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]".replace("-", "−")


def _interval(row: Json) -> str:
    return f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}]"
