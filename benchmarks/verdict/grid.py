"""`python benchmarks/verdict/grid.py`: how often the verdict is wrong, in studies whose truth is known.

Each cell's count is appended to `build/verdict/cells.jsonl` as it comes: interrupted, the same command goes on. A cell is
counted anew when the statistics, the laws or the grid have changed.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cells
import table

from openbook.core import jsonl
from openbook.core.ids import digest, file_sha256

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One cell to be counted, by its place in the grid: what another process can be handed."""

    place: int
    name: str
    studies: int
    seed: int


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    kept = asked.folder / "cells.jsonl"
    grid = [cell for cell in cells.grid() if asked.only in cell.name]
    version = fingerprint()
    known = counted(kept, version, studies=asked.studies, seed=asked.seed)
    places = {cell.name: place for place, cell in enumerate(cells.grid())}
    orders = [
        Order(place=places[cell.name], name=cell.name, studies=asked.studies, seed=asked.seed)
        for cell in grid
        if cell.name not in known
    ]
    began = time.monotonic()
    print(f"{len(grid)} cells of {asked.studies} studies, {len(orders)} of them to be counted", flush=True)
    for number, row in enumerate(_all_counts(orders, asked.jobs), start=1):
        known[row["cell"]] = row
        jsonl.append(kept, [{**row, "version": version}])
        if number % 25 == 0:
            print(f"{number}/{len(orders)} after {time.monotonic() - began:.0f} s", flush=True)
    rows = [table.judge(cell, known[cell.name]) for cell in grid]
    text = table.markdown(rows, studies=asked.studies, seed=asked.seed, only=asked.only)
    if asked.into:
        asked.into.write_text(text, encoding="utf-8")
    print(table.summary(rows))
    return 1 if any(row.verdict == "fails" for row in rows) else 0


def counted(kept: Path, version: str, *, studies: int, seed: int) -> dict[str, dict[str, object]]:
    """Cell name → its row, of those that were counted with this code, number and seed."""
    rows = jsonl.read(kept) if kept.exists() else []
    wanted = (version, studies, seed)
    return {str(r["cell"]): r for r in rows if (r["version"], r["studies"], r["seed"]) == wanted}


def fingerprint() -> str:
    """Of everything that a count depends on."""
    sources = [*sorted((ROOT / "src/openbook/score/stats").glob("*.py")), *(HERE / f"{n}.py" for n in CODE)]
    return digest([file_sha256(source) for source in sources])[:16]


CODE = ("truth", "twin", "cells")


def count(order: Order) -> dict[str, object]:
    """Draw and judge one cell's studies. The seed is the grid's with the cell's name: no cell moves another."""
    cell = cells.grid()[order.place]
    began = time.process_time()
    hits = cell.count(order.studies, [order.seed, zlib.crc32(order.name.encode())])
    seconds = round(time.process_time() - began, 2)
    return {"cell": order.name, "studies": order.studies, "seed": order.seed, "hits": hits, "seconds": seconds}


def _all_counts(orders: Sequence[Order], jobs: int):  # type: ignore[no-untyped-def]
    if jobs == 1:
        yield from map(count, orders)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(count, orders)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Count how often the verdict is wrong where the truth is known.")
    parser.add_argument("--studies", type=int, default=WHOLE, help="a cell; 10,000 is the whole, 500 a slice for CI")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", default="", help="cells whose name contains this")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "verdict", help="where counts are kept")
    parser.add_argument("--into", type=Path, help="write the table here, such as docs/evidence/verdict.md")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
