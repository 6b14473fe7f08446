"""What keeping up with a change took: stages, steps with time and price, exchanged values. Knows the report's JSON alone."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages.freshness_words import origin, refusals
from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import figure, share

Json = Mapping[str, Any]


def section(report: Json) -> Section | None:
    """None where no changed facts were asked, or by a version that did not tell its steps."""
    probe = report["probes"]["freshness"]
    if not probe or "steps" not in probe:
        return None
    return Section(
        key="upkeep",
        title="Keeping up",
        lead="Changed facts answered rightly, stage by stage. At once after the documents changed, the index is still that"
        " of before, so every arm answers as before; re-indexing changes what is looked up, training anew what is known."
        f"{origin(probe)}",
        grids=[grid for grid in (_stages(probe), _retuned(probe), _steps(probe), _swaps(probe)) if grid.body],
        remarks=_remarks(probe),
    )


def _stages(probe: Json) -> Grid:
    rows = [
        [name, *(_share(arm[stage]["right"]) for stage in ("before", "at_once", "after"))]
        for name, arm in probe["arms"].items()
    ]
    head = ["arm", "before", "at once after", "after re-indexing"]
    return Grid(name="Right, stage by stage", head=head, body=rows)


def _retuned(probe: Json) -> Grid:
    rows = [
        [
            name,
            f"{new['rows']}",
            f"{new['taught']}",
            f"{new['questions']}",
            _share(new["without"]["right"]),
            _share(new["with"]["right"]),
        ]
        for name, arm in probe["arms"].items()
        if (new := arm.get("retuned"))
    ]
    head = ["arm", "rows", "of them on changed facts", "questions in other words", "right before", "right trained anew"]
    return Grid(name="Trained anew after the change", head=head, body=rows)


def _steps(probe: Json) -> Grid:
    rows = [
        [step["step"], ", ".join(step["arms"]), f"{step['seconds']:.1f}", f"{step['usd']:.4f}"]
        for step in probe["steps"]
    ]
    return Grid(name="What each step took", head=["step", "for", "seconds", "US dollars"], body=rows)


def _swaps(probe: Json) -> Grid:
    rows = [[", ".join(one["documents"]), one["old"], one["new"], one["after"]] for one in probe["swaps"]]
    return Grid(name="Values swapped", head=["document", "old", "new", "the sentence now"], body=rows)


def _remarks(probe: Json) -> list[str]:
    if probe.get("origin") != "made" or not probe["swaps"]:
        return []
    left = refusals(probe)
    told = ["The changed pages are copies; your files were only read."]
    return [*told, f"Facts left as they are: {left}."] if left else told


def _share(row: Json) -> str:
    return f"{share(row)} [{figure(row['low'])}, {figure(row['high'])}]"
