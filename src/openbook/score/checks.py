"""A team's own checks of an answer (KPIs): a regular expression, a JSON schema, a Python function. Each is a metric.

Knows nothing of where a project keeps its settings. A check that is wrong in itself is refused when it is made; a check
that breaks on one answer is a Failure in that place.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from openbook.core.calls import load_call, parse_call
from openbook.core.errors import ConfigError
from openbook.core.ids import digest
from openbook.core.types import Answer, Example, Failure
from openbook.score.each import PerAnswer

Check = Callable[[Example, str], float]


def compiled(kpi: str, pattern: str) -> re.Pattern[str]:
    """A KPI's regular expression; `.` crosses lines.

    Raises:
        ConfigError: Not a regular expression.
    """
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise ConfigError(
            f"KPI {kpi!r}: {pattern!r} is not a regular expression: {error}. Correct its `pattern`."
        ) from error


class PatternCheck(PerAnswer):
    """1 where the whole answer, stripped, matches a regular expression (`.` crosses lines), else 0.

    Raises:
        ConfigError: Not a regular expression.
    """

    binary = True

    def __init__(self, *, name: str, pattern: str) -> None:
        self._pattern = compiled(name, pattern)
        self.name = name
        self.signature = f"pattern|{digest(pattern)}|fullmatch,dotall,stripped|v:1"

    def mark(self, example: Example, answer: Answer) -> float:
        return float(self._pattern.fullmatch(answer.text.strip()) is not None)


class SchemaCheck(PerAnswer):
    """1 where the first JSON value in the answer fulfils a JSON schema, else 0 (no JSON at all included).

    The first object or array counts, prose and code fences around it do not; an answer without either is read as a
    bare value. References to schemas elsewhere are refused: nothing is fetched.

    Raises:
        ConfigError: Not a JSON schema.
    """

    binary = True

    def __init__(self, *, name: str, schema: Mapping[str, Any]) -> None:
        self.name = name
        self.signature = f"schema|{digest(dict(schema))}|first value|v:1"
        self._schema = dict(schema)
        _refuse_bad_schema(name, self._schema)

    @cached_property
    def _validator(self) -> Any:
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        # A registry of our own switches off jsonschema's fetching of remote references.
        return validator_for(self._schema, default=Draft202012Validator)(self._schema, registry=Registry())

    def mark(self, example: Example, answer: Answer) -> float:
        found = first_json(answer.text)
        return 0.0 if found is None else float(self._validator.is_valid(found[0]))


def _refuse_bad_schema(name: str, schema: dict[str, Any]) -> None:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"KPI {name!r}: not a JSON schema: {error.message}. Correct its `schema`.") from error
    for reference in _references(schema):
        if not _resolves(schema, reference):
            raise ConfigError(
                f"KPI {name!r}: its schema refers to {reference!r}, which it does not hold, and nothing is fetched."
                " Put that schema under `$defs`."
            )


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from _references(value)


def _resolves(schema: Mapping[str, Any], reference: str) -> bool:
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(dict(schema))
    try:
        REGISTRY.resolver_with_root(root).lookup(reference)
    except Unresolvable:
        return False
    return True


def first_json(text: str) -> tuple[Any] | None:
    """The first JSON object or array in a text, else the whole text as one JSON value, in a tuple; None without any."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    try:
        for start in (found.start() for found in re.finditer(r"[{\[]", text)):
            with suppress(ValueError):
                return (decoder.raw_decode(text, start)[0],)
        return (decoder.decode(text.strip()),)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than any answer's
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class CallCheck(PerAnswer):
    """What a project's Python function says of an answer: a number in [0, 1] or a bool.

    Args:
        call: `module:function` or `file.py:function`; the function takes the example and the answer's text. A module
            that lies in `root` is loaded from there, another one from the installed packages.
        root: The project's folder. Modules beside the check can be imported by it while it loads.

    Raises:
        ConfigError: No such module or function, or the module fails when it is loaded.
    """

    def __init__(self, *, name: str, call: str, root: Path) -> None:
        self.name = name
        self._call = call
        function, module = load_call(parse_call(call, root=root, what=f"KPI {name!r}"))
        self._function: Check = function
        self.signature = f"call|{call}|source:{digest(_source(module))}|v:1"

    def mark(self, example: Example, answer: Answer) -> float | Failure:
        try:
            value = self._function(example, answer.text)
        except Exception as error:  # a stranger's code may raise anything; it is kept as a Failure
            return self._failure(type(error).__name__, f"raised {error!r}", example)
        if isinstance(value, str | bytes):
            return self._failure("TypeError", f"returned {value!r}", example)
        try:
            number = float(value)
        except (TypeError, ValueError):
            return self._failure("TypeError", f"returned {value!r}", example)
        return number if 0 <= number <= 1 else self._failure("ValueError", f"returned {value!r}", example)

    def _failure(self, error: str, what: str, example: Example) -> Failure:
        message = (
            f"KPI {self.name!r}: {self._call} {what} for example {example.id!r}; it must return a bool or a number"
            " from 0 to 1."
        )
        return Failure(stage="score", error=error, message=message)


def _source(module: ModuleType) -> str:
    """A change of the file is a change of the metric; a module without source is known by its name."""
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        return module.__name__
