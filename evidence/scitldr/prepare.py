"""Makes an Openbook project of SciTLDR, abstracts only: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import making
from papers import Paper, Papers, read

ASK = "Summarise this abstract in one sentence."
SETTINGS = Path(__file__).with_name("openbook.toml")


def prepare(data: Path, out: Path) -> Mapping[str, int]:
    """Write the shelf, examples and settings to `out`.

    Returns:
        What was counted, in words → how many.

    Raises:
        FileNotFoundError: The data is not in its folder.
        ValueError: It is another edition of the data.
        KeyError: A paper lacks something.
    """
    papers = read(data)
    rows = examples(papers)
    making.write_pages(out / "documents", {page_name(paper): page(paper) for paper in papers.shelf})
    making.write_rows(out / "examples.jsonl", rows)
    shutil.copyfile(SETTINGS, out / SETTINGS.name)
    return {
        "left out: a paper that is there twice": papers.twice,
        "with an abstract too long to be asked about": papers.too_long,
        "documents: title and summary of a paper": len(papers.shelf),
        **{f"examples, {part}": sum(row["split"] == part for row in rows) for part in ("train", "dev", "test")},
    }


def page_name(paper: Paper) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", paper.title.lower())[:40].strip("-")
    return f"{slug}-{re.sub(r'[^A-Za-z0-9]', '-', paper.id)}.md"


def page(paper: Paper) -> str:
    """What is on the shelf of a paper: how its own authors put it in one sentence."""
    return f"# {paper.title}\n\n{paper.summaries[0]}\n"


def examples(papers: Papers) -> list[dict[str, Any]]:
    return [row for part in ("train", "dev", "test") for row in _rows(getattr(papers, part), part)]


def _rows(papers: Sequence[Paper], part: str) -> list[dict[str, Any]]:
    return [
        {
            "id": paper.id,
            "input": ASK,
            "context": paper.abstract,
            "references": list(paper.summaries),
            "split": part,
        }
        for paper in papers
    ]


if __name__ == "__main__":
    sys.exit(making.main(prepare, about=__doc__, holds="train.jsonl.gz and test.jsonl"))
