"""Writes the table of claims and that of rules of thumb into `docs/why/claims.md`, from the data files of the advice.

python tools/claims.py            write the page
python tools/claims.py --check    write nothing; exit 1 where the page is not current
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence

from reference_words import ROOT, table

from openbook.advise.claims import ARMS, Bearing, Claim, claims, rules

PAGE = ROOT / "docs" / "why" / "claims.md"
MARKED = r"(<!-- {name}: written by tools/claims.py -->\n).*?(<!-- end -->)"


def page(text: str) -> str:
    """The page with its two tables as the data files have them."""
    for name, made in (("claims", claims_table()), ("rules", rules_table())):
        text, found = re.subn(
            MARKED.format(name=name),
            lambda match, made=made: f"{match[1]}\n{made}\n\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
        if found != 1:
            raise ValueError(f"{PAGE.name} has no place for the {name}")
    return text


def claims_table() -> str:
    heads = ("claim", "figure and setting", "speaks", "source", "looked up")
    return table(heads, [claim_row(claim) for claim in claims()])


def claim_row(claim: Claim) -> tuple[str, ...]:
    source = claim.source
    link = f"../../{source.link}" if source.own else source.link
    paper = f"{source.authors} ({source.year}): [{source.title}]({link}), {source.venue}; {source.place}"
    where, date = claim.verified
    return (
        f"**{claim.id}**: {claim.says}",
        f"{claim.figure}; {claim.setting}",
        speaks(claim.bears),
        paper,
        f"{date}: {where}",
    )


def rules_table() -> str:
    rows = [(f"**{rule.id}**: {rule.says}", speaks(rule.bears)) for rule in rules()]
    return table(("rule", "speaks"), rows)


def speaks(bears: Iterable[Bearing]) -> str:
    return "; ".join(f"{bearing.on} {' or '.join(bearing.answers)}: {sides(bearing)}" for bearing in bears)


def sides(bearing: Bearing) -> str:
    named = (("for", bearing.pro), ("against", bearing.con), ("rules out", bearing.out))
    said = [f"{word} {', '.join(arm for arm in ARMS if arm in arms)}" for word, arms in named if arms]
    return ", ".join(said) or "a note"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the tables of docs/why/claims.md from the data files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is not current")
    check = parser.parse_args(arguments).check
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if new == old:
        return 0
    if not check:
        PAGE.write_text(new, encoding="utf-8")
    print(f"{'not current' if check else 'written'}: docs/why/claims.md")
    return 1 if check else 0


if __name__ == "__main__":
    sys.exit(main())
