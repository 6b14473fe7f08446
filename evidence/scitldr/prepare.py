"""Makes an Openbook project of SciTLDR, abstracts only: `prepare.py --data DIR --out DIR`.

The rules of conversion, with their reasons and counts, are in README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from papers import Paper, Papers, read

ASK = "Summarise this abstract in one sentence."
SETTINGS = Path(__file__).with_name("openbook.toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train.jsonl.gz and test.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="the project's folder; its .openbook/ is kept")
    arguments = parser.parse_args()
    try:
        counts = prepare(arguments.data, arguments.out)
    except FileNotFoundError as error:
        print(f"No {error.filename!r}: README.md says where the data comes from.", file=sys.stderr)
        return 2
    except (ValueError, KeyError) as error:
        print(f"The data in {str(arguments.data)!r} is not what README.md names: {error}.", file=sys.stderr)
        return 2
    print("\n".join(f"{count:>5} {what}" for what, count in counts.items()))
    return 0


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
    _write_documents(out / "documents", {page_name(paper): page(paper) for paper in papers.shelf})
    _write(out / "examples.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
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


def _write_documents(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    """Only where it changes something: an unchanged file keeps its time, and an interrupted run its index."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
