"""Does a wording stand in a text, as whole words? Knows nothing of facts, answers or truth: "not refundable" holds
"refundable".

Case, the kind of white space, punctuation and the shape of quotes and dashes do not matter. A number is one word,
signs, decimals and groups of thousands included: "27 days" does not stand in "127 days", "1,027 days", "2–27 days" or
"-27 days". Currency and percent signs are words of their own, wanted where the wording has them; "6pm" and "6 pm" are two
wordings. In scripts that leave no spaces between words, each character is a word.
"""

import re
import unicodedata
from functools import lru_cache

_SAME = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "–": "-", "‑": "-", "‒": "-", "−": "-"})
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)")
_SIGNS = frozenset("%‰°#+&@")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def matches(wording: str, text: str) -> bool:
    """Whether all words of `wording` stand in `text` side by side; False for a wording without words."""
    return holds(words(text), words(wording))


def holds(text: tuple[str, ...], wording: tuple[str, ...]) -> bool:
    """`matches` on texts already cut by `words`."""
    width = len(wording)
    return width > 0 and any(text[i : i + width] == wording for i in range(len(text) - width + 1))


def words(text: str) -> tuple[str, ...]:
    """The words of a text in the one spelling in which they are compared."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).translate(_SAME)
    grouped = _THOUSANDS.sub(lambda found: "".join(found[0].split()), folded)
    return tuple(word for token in grouped.split() for word in _cut(token))


@lru_cache(maxsize=65_536)
def _cut(token: str) -> tuple[str, ...]:
    """The words of a text without white space; what is letters and digits throughout is one, and most texts are."""
    if token.isascii() and token.isalnum():
        return (token,)
    return tuple("".join(_spaced(token, index) for index in range(len(token))).split())


def _spaced(text: str, index: int) -> str:
    """The character at `index`: kept in its word, set apart as its own word, or turned into a gap."""
    char = text[index]
    if _UNSPACED.match(char) or char in _SIGNS or unicodedata.category(char) == "Sc":
        return f" {char} "
    before, after = text[index - 1] if index else "", text[index + 1] if index + 1 < len(text) else ""
    if _in_word(char) or _joins(char, before, after):
        return char
    return " "


def _joins(char: str, before: str, after: str) -> bool:
    """Whether a punctuation mark belongs to the word it stands in: "11.50", "18:00", "2-3", "-5", "can't"."""
    if char == "'":
        return before.isalpha() and after.isalpha()
    if char in ".,:/-" and before.isdigit() and after.isdigit():
        return True
    opens_number = not before or before.isspace() or before == "(" or unicodedata.category(before) == "Sc"
    return char in ".-" and after.isdigit() and opens_number


def _in_word(char: str) -> bool:
    """Letters, numbers and the marks that sit on letters."""
    return unicodedata.category(char)[0] in "LNM"
