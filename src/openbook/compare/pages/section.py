"""A section of the report: a lead, tables, perhaps a drawing, and remarks. Knows no probe and no page."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: what it is called, its column heads, and its rows, each led by a name."""

    name: str
    head: Sequence[str]
    body: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading.

    Attributes:
        key: Names its place on the page.
        chart: A drawing as SVG, for the page alone.
        caption: What the drawing shows.
    """

    key: str
    title: str
    lead: str
    grids: Sequence[Grid]
    chart: str = ""
    caption: str = ""
    remarks: Sequence[str] = ()
