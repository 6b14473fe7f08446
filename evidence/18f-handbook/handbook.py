"""The handbook's pages as plain Markdown, the questions' headings masked. Knows nothing of references or changes.

A heading that is a question would be found by its own words: it keeps its place, as a heading without words, and links
that repeat it are taken out.
"""

import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n", re.M | re.S)
TITLE = re.compile(r"^title[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.M)
HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t#]*$", re.M)
CHANNEL = re.compile(r"""\{%-?\s*slack_channel\s+["']([^"']+)["'].*?%\}""")
COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|<!--.*?-->", re.S)
SIGNS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:.*?\}|\{#.*?\}", re.S)
IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
WITHIN = re.compile(r"\[([^\]]*)\]\([^)]*#[^)]*\)")
LINK = re.compile(r"\[([^\[\]]+)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])")
TARGET = re.compile(r"^[ \t]*\[[^\]]+\]:[ \t]*\n?[ \t]*\S+.*$", re.M)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def pages(archive: Path, questions: Iterable[str]) -> dict[str, str]:
    """Name of a page → its Markdown, in the archive's order of names.

    Args:
        archive: One dated version, as published.
        questions: The headings to mask.

    Raises:
        FileNotFoundError: There is no such archive.
        ValueError: It holds no pages.
    """
    masked = {words(question) for question in questions}
    found = {}
    for path, text in sorted(_texts(archive).items()):
        name, page = page_name(path), _page(text, masked)
        if page:
            found[name] = page
    if not found:
        raise ValueError(f"{archive.name} holds no pages")
    return found


def page_name(path: str) -> str:
    """A page's name: its path below the pages' folder, an `index.md` under its folder's name."""
    inner = re.sub(r"^_?pages/", "", path)
    return re.sub(r"/index\.md$", ".md", inner)


def words(text: str) -> str:
    """A text as lower-case words, for telling that two are the same."""
    return " ".join(re.findall(r"[a-z0-9]+", text.replace("’", "'").lower()))


def _texts(archive: Path) -> Mapping[str, str]:
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.isfile() and member.name.endswith(".md")]
        opened = {member.name: tar.extractfile(member) for member in members}
        return {name: file.read().decode("utf-8") for name, file in opened.items() if file is not None}


def _page(text: str, masked: set[str]) -> str:
    """One page, under its title; empty where it has no text (a redirect)."""
    text = text.replace("\r\n", "\n")
    front = FRONT_MATTER.match(text)
    named = TITLE.search(front.group(1)) if front else None
    body = _masked(_plain(text[front.end() :] if front else text, masked), masked)
    title = TAG.sub("", named.group(1)).strip("\"'") if named else ""
    return f"---\ntitle: {title}\n---\n\n{body}\n" if title and body else body and f"{body}\n"


def _plain(text: str, masked: set[str]) -> str:
    """Without the site's own signs, tags and addresses; a link keeps its words, a Slack channel its name."""
    text = COMMENT.sub("", text)
    text = CHANNEL.sub(r"#\1", text)
    text = WITHIN.sub(lambda link: "" if words(link.group(1)) in masked else link.group(1), text)
    for pattern in (SIGNS, IMAGE, TARGET):
        text = pattern.sub("", text)
    text = LINK.sub(r"\1", LINK.sub(r"\1", text))
    text = re.sub(r"<((?:https?://|mailto:)?[^\s<>]+[@/][^\s<>]+)>", r"\1", text)
    text = TAG.sub(" ", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.M)).strip()


def _masked(text: str, masked: set[str]) -> str:
    return HEADING.sub(lambda found: found.group(1) if words(found.group(2)) in masked else found.group(0), text)
