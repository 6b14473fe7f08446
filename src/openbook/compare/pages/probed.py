"""The sections that say what probes and tags showed, for every page. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping
from typing import Any

from openbook.compare.pages import (
    abstention_words,
    domain_words,
    passages_words,
    preferred_words,
    reading_words,
    robustness_words,
    tunings_words,
    upkeep_words,
)
from openbook.compare.pages.section import Grid, Section
from openbook.compare.pages.tables import bullets, figure, grid, interval

Json = Mapping[str, Any]


def sections(report: Json) -> list[Section]:
    """Those that there is something to say in."""
    knowledge = (upkeep_words, abstention_words, robustness_words, reading_words)
    others = (domain_words, passages_words, tunings_words)
    found = [part.section(report) for part in (preferred_words, *knowledge, *others)] + [_by_tag(report)]
    return [one for one in found if one is not None]


def markdown(report: Json) -> list[tuple[str, str]]:
    """Heading and body of each, for a page of Markdown."""
    return [(one.title, _body(one)) for one in sections(report)]


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
