"""HTML files to Markdown documents; the one file that knows the package html-to-markdown.

Navigation, footers, asides and scripts are left out, links keep their words and lose their targets.
Knows nothing of chunks.
"""

import html
import re
from collections.abc import Mapping
from pathlib import Path

from html_to_markdown import ConversionOptions, ConversionResult, PreprocessingOptions, convert

from openbook.core.types import Document, Failure
from openbook.ingest.readers import document, failure, read_text, recorded
from openbook.ingest.sections import headings

FURNITURE = ["nav", "footer", "aside", "[role=navigation]", "script", "style", "noscript", "template"]


class HtmlReader:
    """HTML; `text/html` documents hold the Markdown made of the page, and offsets count in that."""

    def read(self, path: Path, name: str, metadata: Mapping[str, object]) -> Document | Failure:
        decoded = read_text(path, name, html=True)
        if isinstance(decoded, Failure):
            return decoded
        result = _converted(decoded.text)
        if result.warnings:
            # A page nested too deeply comes back cut short: better left out aloud than half there in silence.
            return failure(
                "damaged", f"{name!r} could not be read to its end: {result.warnings[0].message.rstrip('.')}."
            )
        text = result.content or ""
        titled = _title(decoded.text, text)
        return document(text, name=name, metadata=recorded(decoded, metadata), media="text/html", titled=titled)


def _converted(source: str) -> ConversionResult:
    options = ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        compact_tables=True,
        strip_tags=["a"],
        exclude_selectors=FURNITURE,
        preprocessing=PreprocessingOptions(enabled=False),
    )
    return convert(source, options)


def _title(source: str, text: str) -> str:
    """The page's only <h1>, else its <title>, else nothing."""
    tops = [heading.text for heading in headings(text, media="text/html") if heading.level == 1]
    if len(tops) == 1:
        return tops[0]
    found = re.search(r"<title[^>]*>(.*?)</title>", source, flags=re.IGNORECASE | re.DOTALL)
    return " ".join(html.unescape(found.group(1)).split()) if found else ""
