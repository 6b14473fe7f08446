"""Documents and examples come in here: read, cut into chunks, kept in step with the files, grouped, divided, audited.

Knows nothing of how chunks are searched, which models there are, or what is asked with the examples.

sources.py    globs to named files
readers.py    files to documents             (decode.py: bytes to text, web.py: HTML)
sections.py   headings and what is below them
split.py      sections to chunks
sync.py       files to an index, incrementally  (state.py: what it was made from)
examples.py   labelled files to examples     (rows.py: JSON lines and tables, names.py: which document is meant)
groups.py     what may not be torn apart     (near.py: near-duplicates)
splits.py     train, dev, seen, new
leaks.py      what would flatter a result
propose.py    first guesses for a new project
"""

from openbook.core.registry import Registry

READERS = Registry(
    "reader",
    {
        "md": "openbook.ingest.readers:MarkdownReader",
        "markdown": "openbook.ingest.readers:MarkdownReader",
        "txt": "openbook.ingest.readers:TextReader",
        "text": "openbook.ingest.readers:TextReader",
        "html": "openbook.ingest.web:HtmlReader",
        "htm": "openbook.ingest.web:HtmlReader",
        "xhtml": "openbook.ingest.web:HtmlReader",
    },
)
"""Readers by file suffix, in lower case and without its dot."""
