"""What the reference pages share: tables, docstrings as Markdown, and the complaint about what says nothing of itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "openbook"
NOTE = "<!-- Written by tools/reference.py: change the code, then run `python tools/reference.py`. -->"


class Gap(Exception):
    """Something that users meet does not say what it is."""


def first_line(thing: Any) -> str:
    said = inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0]
    if not said:
        raise Gap(f"{thing.__name__} does not say what it is")
    return " ".join(said.split())


def described(thing: Any) -> str:
    """A Google-style docstring as Markdown: its lists of arguments, attributes and errors as lists.

    Raises:
        Gap: There is none.
    """
    first_line(thing)
    lines: list[str] = []
    for line in inspect.cleandoc(thing.__doc__).splitlines():
        head = re.fullmatch(r"(Args|Attributes|Raises|Returns):", line)
        item = re.fullmatch(r"    (\w+): (.*)", line)
        if head:
            lines += [{"Args": "Arguments"}.get(head[1], head[1]) + ":", ""]
        elif item:
            lines.append(f"- `{item[1]}`: {item[2]}")
        else:
            lines.append(f"  {line.strip()}" if line.startswith("    ") else line)
    return "\n".join(lines)


def table(heads: Sequence[str], rows: Any) -> str:
    """A Markdown table; bars within code stay as they are escaped by the caller."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
