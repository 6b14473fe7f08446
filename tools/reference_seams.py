"""Reference page of the protocols: methods, built-in back ends, entry-point groups, conformance suites."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reference_words import NOTE, SOURCE, Gap, first_line, table


@dataclass(frozen=True)
class Seam:
    """A protocol, how its back ends are named, and the suite that proves them."""

    protocol: str
    registry: str = ""
    made: str = ""
    named: str = ""
    suite: str = ""
    about: str = ""


SEAMS = (
    Seam("Reader", "openbook.ingest:READERS", "()", "a file's suffix"),
    Seam("Embedder", "openbook.retrieve:EMBEDDERS", "()", "`[embedder] name`", "embedder"),
    Seam("Store", "openbook.retrieve:STORES", "(folder, *, dimension)", "`[store] name`", "store"),
    Seam("Retriever", about="What arms see: `openbook.retrieve.search.Searcher` over an embedder and a store."),
    Seam("Reranker", about="Puts hits in a better order. No setting uses one yet."),
    Seam(
        "Generator",
        "openbook.generate:GENERATORS",
        "by kind",
        "`[model] name`, up to the colon; one of another package gets those of our keywords that it takes",
        "generator",
    ),
    Seam(
        "Likelihood",
        suite="likelihood",
        about="Local models have it; the forgetting probe asks for it. Conformance suite:"
        " `openbook.testing.likelihood.LikelihoodConformance`.",
    ),
    Seam("Trainer", "openbook.tune:TRAINERS", "(model, *, device)", "`[tune] trainer`", "trainer"),
    Seam("Metric", "openbook.score:METRICS", "()", "`[compare] metric`", "metric"),
)


def plugins_page() -> str:
    """Every protocol: its methods, its built-in back ends, its entry-point group, its conformance suite."""
    parts = [
        NOTE,
        "# Seams: protocols, entry points, conformance suites",
        "Each protocol is batch-first: n in, n out, in order; one bad item is a `Failure` in its place; an empty list is"
        " fine. Built-in back ends and those of other packages take the same road: a name, and `module:attribute` behind"
        " it. A package adds one by an entry point of the group named below. A back end is done when it passes the"
        " conformance suite, which ships in `openbook.testing`. How to write one:"
        " [write a back end](../how-to/write-a-back-end.md).",
    ]
    for seam in SEAMS:
        parts += seam_parts(seam)
    return "\n\n".join([*parts, checks_part()]) + "\n"


def protocols() -> dict[str, Any]:
    """Every protocol of `openbook.core.protocols`, in the order of the file."""
    from openbook.core import protocols as module

    found = {name: kind for name, kind in vars(module).items() if getattr(kind, "_is_protocol", False)}
    return {name: kind for name, kind in found.items() if kind.__module__ == module.__name__}


def seam_parts(seam: Seam) -> Iterator[str]:
    protocol = protocols()[seam.protocol]
    said = inspect.cleandoc(vars(protocol).get("__doc__") or "")
    if not (said or seam.about):
        raise Gap(f"the protocol {seam.protocol} does not say what it is")
    yield f"## {seam.protocol}"
    yield "\n\n".join(part for part in (said, seam.about) if part)
    yield f"```python\n{_methods(protocol)}\n```"
    if seam.registry:
        yield table(("", ""), registry_rows(seam))


def registry_rows(seam: Seam) -> Iterator[tuple[str, str]]:
    module, _, name = seam.registry.partition(":")
    registry = getattr(importlib.import_module(module), name)
    yield "named by", seam.named
    yield "built in", ", ".join(f"`{built}`" for built in registry._table)
    yield "entry-point group", f"`openbook.{registry.kind}`"
    if seam.made.startswith("("):
        yield "called as", f"`{seam.made}`"
    file = SOURCE / "testing" / f"{seam.suite}.py"
    if seam.suite and file.exists():
        yield "conformance suite", ", ".join(f"`openbook.testing.{seam.suite}.{suite}`" for suite in suites(file))


def suites(file: Path) -> list[str]:
    """Names of a module's conformance suites, without importing pytest."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Conformance")]


def _methods(protocol: Any) -> str:
    """A protocol's attributes and methods as they are written, without the class's docstring."""
    node = ast.parse(inspect.cleandoc(inspect.getsource(protocol))).body[0]
    assert isinstance(node, ast.ClassDef)
    if ast.get_docstring(node):
        node.body = node.body[1:]
    node.decorator_list = []
    return ast.unparse(node)


def checks_part() -> str:
    from openbook.score import CHECKS

    rows = [(f"`{name}`", first_line(CHECKS.load(name))) for name in CHECKS.names()]
    return "## Checks of a project's own\n\n" + (
        "A `[[compare.kpis]]` entry needs no package: see [add a KPI](../how-to/add-a-kpi.md). Another package's check is"
        " named by `plugin`; entry-point group `openbook.check`, called as `(*, name, **options)`.\n\n"
        + table(("key", "what it gives"), rows)
    )
