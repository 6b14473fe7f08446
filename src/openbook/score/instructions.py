"""Whether a reply did what a plain instruction asks for: checks that a machine can make, given as data.

Knows nothing of where instructions come from or who replied.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from openbook.score.checks import first_json

Range = tuple[int, int]
WORD = re.compile(r"\w+(?:['’.,-]\w+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a reply, stripped of white space around it, must be like; all that is given must hold.

    Attributes:
        pattern: Regular expression that the whole reply matches (`.` crosses lines).
        words: Fewest and most words.
        lines: Fewest and most lines that are not blank.
        must: Each of these occurs, in whatever case.
        must_not: None of these occurs, in whatever case.
        begins: How it begins, to the letter.
        ends: How it ends, to the letter.
        case: All letters are upper or lower case, and there is a letter.
        keys: The first JSON value in it is an object with exactly these keys.
    """

    pattern: str = ""
    words: Range | None = None
    lines: Range | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    case: Literal["", "upper", "lower"] = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """Something to do that needs no knowledge, and how to tell that it was done.

    Attributes:
        passes: A reply that follows it.
        fails: A likely reply that does not.
    """

    id: str
    text: str
    check: Check
    passes: str
    fails: str


def instruction_of(row: Mapping[str, Any]) -> Instruction:
    """An instruction from plain values; lists become tuples.

    Raises:
        TypeError: A key is missing or unknown.
    """
    check: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row["check"].items()
    }
    return Instruction(**{**row, "check": Check(**check)})


def follows(check: Check, reply: str) -> bool:
    """Whether a reply passes the check; an empty one never does."""
    text = reply.strip()
    return bool(text) and all(
        (
            not check.pattern or re.fullmatch(check.pattern, text, re.DOTALL) is not None,
            _within(len(WORD.findall(text)), check.words),
            _within(sum(bool(line.strip()) for line in text.splitlines()), check.lines),
            all(part.casefold() in text.casefold() for part in check.must),
            not any(part.casefold() in text.casefold() for part in check.must_not),
            text.startswith(check.begins) and text.endswith(check.ends),
            not check.case or (text.isupper() if check.case == "upper" else text.islower()),
            not check.keys or _has_keys(text, check.keys),
        )
    )


def _within(count: int, limits: Range | None) -> bool:
    return limits is None or limits[0] <= count <= limits[1]


def _has_keys(text: str, keys: tuple[str, ...]) -> bool:
    found = first_json(text)
    return found is not None and isinstance(found[0], dict) and set(found[0]) == set(keys)
