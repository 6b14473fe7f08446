"""The simulation grid: a slice of it holds its claims, counts resume, and what fails is named in the evidence."""

from pathlib import Path

import pytest

from verdict_suite import cells, grid, table

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "verdict.md"
STUDIES = 500


def judged(names: list[str]) -> list[table.Row]:
    places = {cell.name: place for place, cell in enumerate(cells.grid())}
    orders = [grid.Order(place=places[name], name=name, studies=STUDIES, seed=1) for name in names]
    return [table.judge(cells.grid()[order.place], grid.count(order)) for order in orders]


@pytest.mark.timeout(900)
def test_claims_hold_in_every_fourth_cell_but_where_the_evidence_says_that_they_fail() -> None:
    known = table.failing(EVIDENCE.read_text(encoding="utf-8"))
    names = [cell.name for cell in cells.grid()[::4] if cell.groups <= 100 and cell.name not in known]
    assert len(names) > 100
    assert [row.cell.name for row in judged(names) if row.verdict == "fails"] == []


def test_every_claim_has_cells_of_all_laws_and_no_two_have_one_name() -> None:
    found = cells.grid()
    assert len({cell.name for cell in found}) == len(found)
    for claim in {cell.claim for cell in found}:
        laws = {cell.scores.split(",")[0] for cell in found if cell.claim == claim}
        assert laws >= {"0/1", "bounded", "skewed"}


def test_a_grid_that_was_stopped_goes_on_and_gives_the_same_page(tmp_path: Path) -> None:
    only = ["--studies", "50", "--only", "coverage of a mean | bounded, .50 | 8 groups"]
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    grid.main([*only, "--folder", str(tmp_path), "--into", str(first)])
    kept = (tmp_path / "cells.jsonl").read_text(encoding="utf-8")
    lines = kept.splitlines(keepends=True)
    (tmp_path / "cells.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")

    grid.main([*only, "--folder", str(tmp_path), "--into", str(second)])

    again = (tmp_path / "cells.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(again) == len(lines) == 4
    assert table.failing(first.read_text(encoding="utf-8")) == table.failing(second.read_text(encoding="utf-8"))
    hits = [line.split('"seconds"')[0] for line in again]
    assert hits == [line.split('"seconds"')[0] for line in lines]


def test_a_share_beyond_its_limit_fails_and_one_within_chance_of_it_does_not() -> None:
    cell = next(cell for cell in cells.grid() if cell.claim == "false better")
    row = {"studies": 500, "seconds": 0.0}
    assert table.judge(cell, {**row, "hits": 35}).verdict == "holds"
    assert table.judge(cell, {**row, "hits": 60}).verdict == "fails"
    assert table.judge(cell, {"studies": 10_000, "seconds": 0.0, "hits": 560}).verdict == "fails"
