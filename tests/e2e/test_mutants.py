"""Each safeguard switched off at its seam: the planted suite must notice, in the trap that was made for it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openbook.compare import taste
from openbook.compare.verdict import recipe
from openbook.ingest import groups
from openbook.score.stats import SignFlip, clusters, signflip, verdict
from verdict_suite import planted

Switch = Callable[[pytest.MonkeyPatch], None]


def no_clustering(patch: pytest.MonkeyPatch) -> None:
    """Every example counts as a group of its own."""
    real = clusters.group_sums
    for module in (clusters, signflip):
        patch.setattr(
            module, "group_sums", lambda values, groups: real(values, [f"{i:06d}" for i in range(len(groups))])
        )


def no_multiplicity(patch: pytest.MonkeyPatch) -> None:
    """Ten tests are taken for one."""
    patch.setattr(verdict, "holm", lambda p_values: list(p_values))


def no_failure_bounds(patch: pytest.MonkeyPatch) -> None:
    """A failed answer is as good as the average one."""

    def imputed(a: Sequence[float | None], b: Sequence[float | None], sign: float, _: Any) -> tuple[Any, Any]:
        scored = [x - y for x, y in zip(a, b, strict=True) if x is not None and y is not None]
        filled = np.array([np.mean(scored) if x is None or y is None else x - y for x, y in zip(a, b, strict=True)])
        return sign * filled, sign * filled

    patch.setattr(verdict, "_imputed", imputed)


def no_test(patch: pytest.MonkeyPatch) -> None:
    """Whatever looks better is better."""

    def flips(differences: Any, groups: Sequence[str], **_: Any) -> SignFlip:
        count = len(set(groups))
        return SignFlip(p=0.0, smallest=0.0, enumerated=True, groups=count, informative=count)

    patch.setattr(verdict, "sign_flip", flips)


def no_leak_audit(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether test questions were trained on."""
    patch.setattr(taste, "audit", lambda **_: ())


def no_near_duplicates(patch: pytest.MonkeyPatch) -> None:
    """Questions alike in all but a word are strangers, and may stand on both sides of the split."""
    patch.setattr(groups, "near_duplicates", lambda texts: [])


def no_seed_crossing(patch: pytest.MonkeyPatch) -> None:
    """Another training is taken to give the same answers."""
    patch.setattr(recipe, "crossed_interval", lambda scores, groups, inner, **_: inner)


MUTANTS: list[tuple[Switch, str, str]] = [
    (no_clustering, "tiny", "few"),
    (no_clustering, "tiny", "opposed"),
    (no_multiplicity, "tie", "lucky"),
    (no_failure_bounds, "failures", "hide"),
    (no_test, "tie", "lucky"),
    (no_seed_crossing, "seeds", "0"),
    (no_leak_audit, "leak", "verbatim"),
    (no_leak_audit, "leak", "reworded"),
    (no_near_duplicates, "leak", "reworded"),
]
"""A switch, and the trap and variant that must notice it."""


@pytest.mark.parametrize(("switch", "trap", "variant"), MUTANTS, ids=lambda value: getattr(value, "__name__", value))
def test_a_safeguard_switched_off_is_noticed_in_its_trap(
    switch: Switch, trap: str, variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(monkeypatch)
    rows = [row for row in planted.table() if (row["trap"], row["variant"]) == (trap, variant)]
    # Two wrong ones: the suite forgives one a trap.
    wrong = 0
    for row in rows:
        wrong += bool(planted.judge(row, tmp_path / row["id"]).wrongs)
        if wrong == 2:
            return
    pytest.fail(f"only {wrong} of {len(rows)} studies noticed")
