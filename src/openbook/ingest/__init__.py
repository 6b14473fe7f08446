"""Documents and examples come in here: read, cut into chunks, kept in step with the files, grouped, divided, audited.

Knows nothing of how chunks are searched, which models there are, or what is asked with the examples.
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
