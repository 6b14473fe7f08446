"""Prompts to text: local models, OpenAI-compatible endpoints, outside systems, an extractive answerer, a scripted fake.

Knows nothing of retrieval, training or scoring; hits come with the request. Back ends load when they are named.
"""

from openbook.core.errors import UsageError, unknown
from openbook.core.registry import Registry

GENERATORS = Registry(
    "generator",
    {
        "local": "openbook.generate.local:LocalGenerator",
        "smollm2": "openbook.generate.local:LocalGenerator",
        "smollm2-reader": "openbook.generate.local:LocalGenerator",
        "hf": "openbook.generate.local:LocalGenerator",
        "openai": "openbook.generate.openai:OpenAIGenerator",
        "quote": "openbook.generate.quote:QuoteGenerator",
        "scripted": "openbook.generate.scripted:ScriptedGenerator",
        "command": "openbook.generate.command:CommandGenerator",
        "call": "openbook.generate.call:CallGenerator",
        "recorded": "openbook.generate.recorded:RecordedGenerator",
    },
)

TAKES_REST = {
    "hf": "hf:<folder or hub id>",
    "openai": "openai:<model>",
    "scripted": "scripted:<file>",
    "command": "command:<program and arguments>",
    "call": "call:<file.py:function>",
    "recorded": "recorded:<file>",
}


def split_name(name: str) -> tuple[str, str]:
    """`openai:gpt-4o` → (`openai`, `gpt-4o`); `quote` → (`quote`, ``).

    Raises:
        UsageError: A name that needs its second half, without it; or a back end that does not exist.
    """
    scheme, _, rest = name.partition(":")
    if not GENERATORS.has(scheme):
        raise UsageError(unknown("model", name, GENERATORS.names()))
    if scheme in TAKES_REST and not rest:
        raise UsageError(f"The model name {name!r} lacks its second half: write {TAKES_REST[scheme]!r}.")
    return scheme, rest
