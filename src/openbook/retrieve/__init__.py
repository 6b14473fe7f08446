"""Retrieve: chunks found for an input. Knows nothing of documents' formats, prompts or models that answer.

words.py      text to stems, the same for every word index
tokens.py     how many tokens a text has for an embedder
minilm.py     embedder: all-MiniLM-L6-v2
hashing.py    embedder without a model
lexical.py    BM25 over a list of texts
lance.py      store: LanceDB                 (columns.py: its rows and columns)
memory.py     store: exact, one file
filters.py    metadata filters               (sql.py: the same as SQL)
fusion.py     reciprocal-rank fusion
search.py     embedder and store as one retriever
"""

from openbook.core.registry import Registry

EMBEDDERS = Registry(
    "embedder",
    {"minilm": "openbook.retrieve.minilm:MiniLM", "hashing": "openbook.retrieve.hashing:HashingEmbedder"},
)
"""Classes that need no argument and fulfil `Embedder`."""

STORES = Registry(
    "store",
    {"lancedb": "openbook.retrieve.lance:LanceStore", "memory": "openbook.retrieve.memory:MemoryStore"},
)
"""Classes called as `(folder, *, dimension)` that fulfil `Store`; opening makes the folder where there is none."""
