"""The sections that say what probes and tags showed, for every page. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages import (
    abstention_words,
    domain_words,
    passages_words,
    reading_words,
    robustness_words,
    tunings_words,
)
from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import bullets, figure, grid, interval

Json = Mapping[str, Any]

BESIDE = (reading_words, domain_words, passages_words)
"""Probes that have one section and say a line or a few on a terminal."""


def sections(report: Json) -> list[Section]:
    """Those that there is something to say in."""
    found = [abstention_words.section(report), robustness_words.section(report)]
    found += [words.section(report) for words in BESIDE]
    found += [tunings_words.section(report), _by_tag(report)]
    return [one for one in found if one is not None]


def markdown(report: Json) -> list[tuple[str, str]]:
    """Heading and body of each, for a page of Markdown."""
    return [(one.title, _body(one)) for one in sections(report)]


def lines(report: Json) -> list[str]:
    """What a terminal shows of them."""
    beside = [line for words in BESIDE for line in words.notes(report)]
    return [*abstention_words.notes(report), *robustness_words.notes(report), *beside]


def tag_table(report: Json) -> tuple[list[str], list[list[str]]]:
    """Column heads and rows: a tag a row, an arm a column."""
    names = [name for name, arm in report["arms"].items() if "scores" in arm]
    rows = []
    for tag, found in report.get("tags", {}).items():
        cells = []
        for name in names:
            cell = found["arms"].get(name)
            others = f", others {figure(cell['others']['mean'])}" if cell and cell["others"] else ""
            cells.append(f"{interval(cell)}{others}")
        rows.append([tag, str(found["n"]), str(found["groups"]), *cells])
    return ["tag", "n", "groups", *names], rows


def _body(one: Section) -> str:
    parts = [one.lead, *(grid(table.head, table.body) for table in one.grids), bullets(one.remarks)]
    return "\n\n".join(part for part in parts if part)


def _by_tag(report: Json) -> Section | None:
    head, body = tag_table(report)
    if not body:
        return None
    return Section(
        key="tags",
        title="By tag",
        lead=f"{report['metric']} on the questions that carry a tag, and on those without it (where a tag is only on"
        " answerable questions, on the answerable ones). Exploratory: nothing is tested here.",
        grids=[Grid(name=f"{report['metric']} by tag", head=head, body=body)],
    )
