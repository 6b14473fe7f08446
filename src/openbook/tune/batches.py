"""Which rows are learned at which step: a pure function of lengths and seed, so that a resumed training sees the same.

Knows nothing of models.
"""

import math
import random
from collections.abc import Sequence

POOL = 16
"""Batches whose rows are sorted by length together: little padding, and still well mixed."""


def plan_steps(lengths: Sequence[int], *, batch: int, epochs: float, seed: int) -> list[tuple[int, ...]]:
    """The rows (by index) of every optimiser step, in order.

    Every whole pass holds each row exactly once, in an order of its own; a broken last pass holds its share of
    batches. Rows of like length stand together.

    Args:
        lengths: Tokens of each row.
        batch: Rows per step.
        epochs: Passes over the rows, at least one step in all.
    """
    if not lengths:
        return []
    per_pass = math.ceil(len(lengths) / batch)
    total = max(round(epochs * per_pass), 1)
    steps: list[tuple[int, ...]] = []
    number = 0
    while len(steps) < total:
        steps.extend(_one_pass(lengths, batch=batch, draw=random.Random(f"{seed}/{number}")))
        number += 1
    return steps[:total]


def _one_pass(lengths: Sequence[int], *, batch: int, draw: random.Random) -> list[tuple[int, ...]]:
    order = list(range(len(lengths)))
    draw.shuffle(order)
    batches = []
    for start in range(0, len(order), batch * POOL):
        pool = sorted(order[start : start + batch * POOL], key=lambda index: lengths[index])
        batches.extend(tuple(pool[i : i + batch]) for i in range(0, len(pool), batch))
    draw.shuffle(batches)
    return batches


def micro_batches(rows: Sequence[int], lengths: Sequence[int], *, budget: int) -> list[tuple[int, ...]]:
    """Cut the rows of one step into groups whose padded size (rows × longest) stays within `budget` tokens.

    A row that alone is over the budget makes a group of its own.
    """
    groups: list[tuple[int, ...]] = []
    group: tuple[int, ...] = ()
    for row in sorted(rows, key=lambda index: (lengths[index], index)):
        if group and (len(group) + 1) * lengths[row] > budget:
            groups.append(group)
            group = ()
        group = (*group, row)
    return [*groups, group] if group else groups
