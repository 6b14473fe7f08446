"""The charts: figures stand where they belong, names do not cover each other, and all of it can be heard."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from openbook.compare.pages import charts
from openbook.compare.pages.axes import Scale, ceiling, round_values

POINTS = [
    charts.Point(name="base", x=1.0, mean=0.1, low=0.0, high=0.2),
    charts.Point(name="hybrid", x=2.0, mean=0.8, low=0.7, high=0.9, chosen=True),
]
ROWS = [
    charts.Difference(a="rag", b="base", difference=0.3, low=0.2, high=0.4, verdict="better"),
    charts.Difference(a="hybrid", b="rag", difference=-0.01, low=-0.1, high=0.08, verdict="undecided"),
]
MIX = charts.Mix(
    name="rag",
    before={"fresh": 0, "stale": 6, "neither": 2},
    after={"fresh": 6, "stale": 0, "neither": 2},
    right=(0, 6),
)

CURVE = [(0.1, 0.0), (0.4, 0.1), (0.8, 0.25)]


def quality(points: list[charts.Point]) -> ElementTree.Element:
    return ElementTree.fromstring(charts.quality(points, metric="facts", axis="seconds", unit="s"))


def places(drawing: ElementTree.Element, kind: str, name: str) -> list[float]:
    return [float(node.attrib[name].rstrip("%")) for node in drawing.iter(kind) if name in node.attrib]


@pytest.mark.parametrize(
    "drawing",
    [
        charts.quality(POINTS, metric="a & b", axis="<s>", unit="s"),
        charts.differences(ROWS, metric="facts", margin=0.05),
        charts.freshness([MIX]),
        charts.risk([("<rag>", {"a & b": CURVE, "c": CURVE})]),
    ],
)
def test_a_drawing_is_well_formed_and_says_what_it_shows(drawing: str) -> None:
    found = ElementTree.fromstring(drawing)
    assert found.attrib["role"] == "img"
    title, description = found.attrib["aria-labelledby"].split()
    assert found.find(f"title[@id='{title}']") is not None
    told = found.find(f"desc[@id='{description}']")
    assert told is not None
    assert re.search(r"\d", told.text or "")


def test_a_curve_runs_through_its_points_and_the_second_one_is_dashed() -> None:
    drawing = ElementTree.fromstring(charts.risk([("rag", {"first": CURVE}), ("hybrid", {"x": CURVE, "y": CURVE[:2]})]))
    lines = [line for line in drawing.iter("line") if line.attrib["class"] == "range"]
    assert [line.attrib.get("stroke-dasharray", "") for line in lines] == ["", "", "", "", "5 4"]
    assert [line.attrib["x2"] for line in lines[:1]] == [line.attrib["x1"] for line in lines[1:2]]
    assert float(lines[0].attrib["y1"]) > float(lines[0].attrib["y2"]), "a greater risk is higher"
    assert float(lines[0].attrib["x1"].rstrip("%")) < float(lines[0].attrib["x2"].rstrip("%"))
    told = drawing.find("desc")
    assert told is not None
    assert "rag by first: risk 0.10 at 40%, 0.25 at 80%" in (told.text or "")


def test_better_is_higher_and_slower_is_further_right() -> None:
    drawing = quality(POINTS)
    (base_x, hybrid_x), (base_y, hybrid_y) = places(drawing, "circle", "cx"), places(drawing, "circle", "cy")
    assert hybrid_x > base_x
    assert hybrid_y < base_y


def test_arms_that_differ_tenfold_in_time_stand_on_a_logarithmic_axis() -> None:
    near = [charts.Point(name=str(x), x=x, mean=0.5, low=0.4, high=0.6) for x in (0.01, 0.1, 10.0)]
    first, second, third = places(quality(near), "circle", "cx")
    assert (third - second) == pytest.approx(2 * (second - first), abs=0.1)


def test_names_of_arms_that_stand_together_do_not_cover_each_other() -> None:
    crowd = [charts.Point(name=f"arm-{k}", x=1.0, mean=0.5, low=0.49, high=0.51) for k in range(4)]
    labels = [node for node in quality(crowd).iter("text") if node.attrib["class"] == "label"]
    boxes = [(node.attrib.get("text-anchor", "start"), float(node.attrib["y"])) for node in labels]
    for side in {side for side, _ in boxes}:
        heights = sorted(y for other, y in boxes if other == side)
        assert all(lower - upper >= 14 for upper, lower in pairwise(heights))
    assert len(boxes) == 4


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_its_title() -> None:
    name = "rag-over-a-large-model-behind-an-endpoint"
    for x in (0.1, 0.5, 0.9):
        drawing = quality([charts.Point(name=name, x=x, mean=0.5, low=0.4, high=0.6), *POINTS])
        assert name not in [node.text for node in drawing.iter("text")]
        assert any(name in (node.text or "") for node in drawing.iter("title"))


def test_the_band_reaches_from_minus_the_margin_to_plus_the_margin() -> None:
    drawing = ElementTree.fromstring(charts.differences(ROWS, metric="facts", margin=0.05))
    start, width = places(drawing, "rect", "x")[0], places(drawing, "rect", "width")[0]
    zero = next(float(n.attrib["x1"].rstrip("%")) for n in drawing.iter("line") if n.attrib["class"] == "zero")
    assert start + width / 2 == pytest.approx(zero, abs=0.01)
    dots = places(drawing, "circle", "cx")
    assert dots[0] > start + width
    assert start < dots[1] < zero


def test_bars_of_shares_fill_the_width_and_leave_out_what_was_never_said() -> None:
    drawing = ElementTree.fromstring(charts.freshness([MIX]))
    widths = places(drawing, "rect", "width")
    assert widths == pytest.approx([63.0, 21.0, 63.0, 21.0])
    assert [node.text for node in drawing.iter("text") if node.attrib["class"] == "told"] == ["0 → 6 of 8 right"]


def test_an_arm_without_answers_has_an_empty_bar() -> None:
    nothing = charts.Mix(name="rag", before={"fresh": 0}, after={"fresh": 0}, right=(0, 0))
    drawing = ElementTree.fromstring(charts.freshness([nothing]))
    assert not list(drawing.iter("rect"))


def test_a_track_stays_within_its_rail() -> None:
    drawing = ElementTree.fromstring(charts.track(0.5, -0.2, 1.4, top=1.0))
    assert places(drawing, "line", "x1") == [0.0, 0.0]
    assert places(drawing, "line", "x2") == [100.0, 100.0]


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 0.07), (0.0, 1.0), (-0.35, 0.8), (0.0, 93.0), (0.0, 2e-6), (-0.07, 0.06)]
)
def test_marks_on_an_axis_are_round_and_few(low: float, high: float) -> None:
    marks = round_values(low, high)
    assert 3 <= len(marks) <= 8
    assert low - 1e-12 <= marks[0]
    assert marks[-1] <= high + 1e-12
    assert {f"{abs(mark):e}"[0] for mark in marks} <= set("0123456789")
    assert ceiling(high) >= high


def test_an_axis_of_equal_values_still_has_a_place_for_them() -> None:
    assert 0 < Scale.over([2.0, 2.0], left=0.1, right=0.9).share(2.0) < 1
    assert 0 < Scale.over([0.0], left=0.1, right=0.9).share(0.0) < 1
