"""The planted studies: `openbook compare` says of each what was planted in it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from verdict_suite import planted, traps

ROWS = planted.table()


def of(trap: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["trap"] == trap]


@pytest.mark.parametrize("trap", dict.fromkeys(row["trap"] for row in ROWS))
def test_the_verdicts_of_a_trap_are_those_of_the_table(trap: str, tmp_path: Path) -> None:
    results = [planted.judge(row, tmp_path / row["id"]) for row in of(trap)]
    wrong = {result.id: result.wrongs for result in results if result.wrongs}
    # One in twenty is what intervals and tests at 5 % may get wrong; of so few studies that is at most one.
    assert len(wrong) <= 1, wrong


def test_there_are_at_least_60_studies_and_6_a_trap_with_seeds_kept_for_them() -> None:
    counts = Counter(row["trap"] for row in ROWS)
    assert len(ROWS) >= 60
    assert set(counts) == set(traps.TRAPS)
    assert min(counts.values()) >= 6
    assert min(row["seed"] for row in ROWS) >= 52_000
    assert len({row["seed"] for row in ROWS}) == len({row["id"] for row in ROWS}) == len(ROWS)


def test_a_study_is_the_same_whenever_it_is_drawn() -> None:
    for row in ROWS[::9]:
        first, second = (traps.study(row["trap"], row["seed"], row["variant"]) for _ in range(2))
        assert first == second
