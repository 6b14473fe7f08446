"""Puts `benchmarks/verdict` on the import path: its modules are scripts that import one another by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "verdict"))

import cells as cells
import grid as grid
import planted as planted
import table as table
import traps as traps
import truth as truth
import twin as twin
