"""The language of requirements: `hybrid.facts >= rag.facts - 0.05`, read and written. Knows no arm and no metric.

    requirement  =  term sign bound
    sign         =  ">=" | "<=" | ">" | "<" | "=="
    bound        =  number | term | term " + " number | term " - " number
    term         =  part "." part …
    part         =  a word, or anything in double quotes (`rag."one price"`)

Names of arms may hold + and -, so the sign before a number stands between spaces.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal, cast

from openbook.core.errors import UsageError

Sign = Literal[">=", "<=", ">", "<", "=="]
Term = tuple[str, ...]

_PART = r'(?:"(?:[^"\\]|\\.)*"|[^\s."\\<>=]+)'
_TERM = rf"{_PART}(?:\.{_PART})*"
_SIZE = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_LINE = re.compile(
    rf"\s*(?P<left>{_TERM})\s*(?P<sign>>=|<=|==|>|<)\s*"
    rf"(?:(?P<number>[+-]?{_SIZE})|(?!{_SIZE}\s)(?P<right>{_TERM})(?:\s+(?P<plus>[+-])\s*(?P<offset>{_SIZE}))?)\s*",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^\W\d][\w+-]*")
"""A part that needs no quotes: it begins with a letter, so that no number can be meant."""

EXAMPLE = "hybrid.facts >= rag.facts - 0.05"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`left sign right + number`; without `right` the bound is the number alone.

    Attributes:
        left: Parts of the left term, as in `("rag", "seconds", "p95")`.
        number: Finite.
    """

    left: Term
    sign: Sign
    right: Term | None
    number: float = 0.0

    def __str__(self) -> str:
        """The one spelling of it: `parse` gives it back unchanged."""
        if self.right is None:
            return f"{spelled(self.left)} {self.sign} {_number(self.number)}"
        offset = f" {'+' if self.number > 0 else '-'} {_number(abs(self.number))}" if self.number else ""
        return f"{spelled(self.left)} {self.sign} {spelled(self.right)}{offset}"


def parse(text: str) -> Requirement:
    """Read one requirement.

    Raises:
        UsageError: It is not written like one.
    """
    found = _LINE.fullmatch(text)
    if found is None:
        raise UsageError(
            f"The requirement {text!r} cannot be read. Write it like {EXAMPLE!r} or 'rag.seconds.p95 <= 2': ARM.METRIC, one"
            " of >= <= > < (== for recommendation.arm), then a number or ARM.METRIC, with spaces around + and -."
        )
    size = found["number"] or (found["plus"] or "") + (found["offset"] or "0")
    number = float(size)
    if not math.isfinite(number):
        raise UsageError(f"The requirement {text!r} holds a number that is too large: {size}.")
    return Requirement(
        left=_parts(found["left"]),
        sign=cast(Sign, found["sign"]),
        right=_parts(found["right"]) if found["right"] else None,
        number=number + 0.0,  # a zero has no sign
    )


def spelled(term: Term) -> str:
    """A term as it is written: quoted where a part is no plain word."""
    return ".".join(part if _PLAIN.fullmatch(part) else _quoted(part) for part in term)


def _quoted(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _parts(text: str) -> Term:
    return tuple(
        re.sub(r"\\(.)", r"\1", part[1:-1], flags=re.DOTALL) if part.startswith('"') else part
        for part in re.findall(_PART, text, re.DOTALL)
    )


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
