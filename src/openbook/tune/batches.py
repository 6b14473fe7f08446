"""Which rows are learned at which step, and which of them go through the model together.

Pure functions of ids and seed, so that a resumed training sees the same. Rows that begin alike (several questions
over the same passages) make a family: they stand in one step and the model reads their common beginning once.
Knows nothing of models.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from openbook.tune.rows import EncodedRow

POOL = 16
"""Batches whose rows are sorted by length together: little padding, and still well mixed."""

LEAST_SHARED = 64
"""Tokens that rows must have in common to be a family, and at least half of the shorter prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Rows, by index, whose first `shared` ids are the same (0 for rows that only stand side by side)."""

    rows: tuple[int, ...]
    shared: int = 0


def families(rows: Sequence[EncodedRow], *, largest: int) -> list[Family]:
    """Every row in exactly one family, most of them alone; by index of the first row.

    Args:
        largest: Rows of one family at most.
    """
    order = sorted(range(len(rows)), key=lambda index: (rows[index].ids, index))
    found: list[Family] = []
    for index in order:
        last = found[-1] if found else None
        shared = _shared(rows, last, index) if last and len(last.rows) < largest else 0
        if last and shared:
            found[-1] = Family(rows=(*last.rows, index), shared=shared)
        else:
            found.append(Family(rows=(index,)))
    ordered = [Family(rows=tuple(sorted(family.rows)), shared=family.shared) for family in found]
    return sorted(ordered, key=lambda family: family.rows)


def plan_steps(
    rows: Sequence[EncodedRow], kin: Sequence[Family], *, batch: int, epochs: float, seed: int
) -> list[tuple[int, ...]]:
    """The rows (by index) of every optimiser step, in order.

    Every whole pass holds each row exactly once, in an order of its own; a broken last pass holds its share of
    batches. Families, and rows of like length, stand together.

    Args:
        kin: All rows by family.
        batch: Rows per step.
        epochs: Passes over the rows, at least one step in all.
    """
    if not rows:
        return []
    total = max(round(epochs * math.ceil(len(rows) / batch)), 1)
    steps: list[tuple[int, ...]] = []
    number = 0
    while len(steps) < total:
        steps.extend(_one_pass(rows, kin, batch=batch, draw=random.Random(f"{seed}/{number}")))
        number += 1
    return steps[:total]


def micro_batches(rows: Sequence[EncodedRow], *, budget: int, share: bool) -> list[Family]:
    """Cut the rows of one step into groups that go through the model together, each within `budget` tokens.

    A family costs its shared tokens once; other rows are padded to the longest of their group. What alone is over
    the budget makes a group of its own.

    Args:
        share: Whether families may be read in one piece; without it rows are only padded.
    """
    kin = families(rows, largest=len(rows)) if share else [Family(rows=(index,)) for index in range(len(rows))]
    groups = [part for family in kin if family.shared for part in _within(rows, family, budget)]
    alone = sorted((i for family in kin if not family.shared for i in family.rows), key=lambda i: (_length(rows[i]), i))
    group: tuple[int, ...] = ()
    for index in alone:
        if group and (len(group) + 1) * _length(rows[index]) > budget:
            groups.append(Family(rows=group))
            group = ()
        group = (*group, index)
    return [*groups, Family(rows=group)] if group else groups


def _one_pass(
    rows: Sequence[EncodedRow], kin: Sequence[Family], *, batch: int, draw: random.Random
) -> list[tuple[int, ...]]:
    units = [family.rows for family in kin]
    draw.shuffle(units)
    order: list[int] = []
    pool: list[tuple[int, ...]] = []
    for unit in [*units, ()]:
        if not unit or sum(map(len, pool)) >= batch * POOL:
            pool.sort(key=lambda members: max(_length(rows[index]) for index in members))
            order.extend(index for members in pool for index in members)
            pool = []
        pool.append(unit)
    batches = [tuple(order[start : start + batch]) for start in range(0, len(order), batch)]
    draw.shuffle(batches)
    return batches


def _shared(rows: Sequence[EncodedRow], family: Family, index: int) -> int:
    """Ids that a row has in common with a family, 0 where too few; the last id of a prompt is never shared,
    because the first id of the answer is predicted there."""
    first, other = rows[family.rows[0]], rows[index]
    most = min(first.prompt_tokens, other.prompt_tokens) - 1
    if family.shared:
        most = min(most, family.shared)
    common = 0
    while common < most and first.ids[common] == other.ids[common]:
        common += 1
    return common if common >= max(LEAST_SHARED, most // 2) else 0


def _within(rows: Sequence[EncodedRow], family: Family, budget: int) -> list[Family]:
    parts: list[Family] = []
    members: tuple[int, ...] = ()
    size = family.shared
    for index in family.rows:
        tail = len(rows[index].ids) - family.shared
        if members and size + tail > budget:
            parts.append(Family(rows=members, shared=family.shared))
            members, size = (), family.shared
        members, size = (*members, index), size + tail
    return [*parts, Family(rows=members, shared=family.shared)]


def _length(row: EncodedRow) -> int:
    return max(len(row.ids), len(row.labels))
