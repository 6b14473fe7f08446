"""Reference page and JSON Schema of `openbook.toml`, from the classes of `openbook.config`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reference_words import NOTE, Gap, table

# Settings whose description is not written at the field itself: (section, key) → meaning.
SHORT = {
    ("Documents", "sources"): "globs or tables",
    ("Documents", "updates"): "globs or tables",
    ("Compare", "kpis"): "list of tables",
    ("Kpi", "checks"): "list of tables",
    ("StyleCheck", "words"): "pair of integers",
    ("Cost", "prices"): "table of pairs of numbers",
    ("Source", "metadata"): "table of values",
}


def config_page() -> str:
    """Every key of `openbook.toml`."""
    from openbook.config import Config

    parts = [
        NOTE,
        "# Settings: `openbook.toml`",
        "Every key has a default but `[documents] sources`. An unknown key is an error that names the nearest known one."
        " `openbook config show` prints all keys with the values they have in a project.\n\n"
        '`extends = "other.toml"` takes over another file\'s settings, relative to this one; tables are merged key by'
        " key. An `[arms.NAME]` table inherits what it leaves out from the table of the same name at the top.\n\n"
        "The same as a JSON Schema: [openbook.schema.json](openbook.schema.json).",
    ]
    for heading, section in sections(Config):
        rows = list(key_rows(section))
        if section is Config:
            rows.append(("`extends`", "string", "none", "Another file whose settings this one takes over."))
        parts += [f"## {heading}", table(("key", "type", "default", "meaning"), rows)]
    return "\n\n".join(parts) + "\n"


def sections(config: Any) -> Iterator[tuple[str, Any]]:
    """(heading, section) for the file and each of its tables, in order; a table is listed once."""
    seen: list[Any] = []

    def walk(section: Any, path: str, heading: str) -> Iterator[tuple[str, Any]]:
        seen.append(section)
        yield heading, section
        for name, field in section.model_fields.items():
            inner = section_of(field.annotation)
            place = f"{path}.{field.alias or name}" if path else str(field.alias or name)
            if inner is not None and inner not in seen:
                yield from walk(inner, place, _heading(place, field.annotation))

    yield from walk(config, "", "Top of the file")


def _heading(place: str, annotation: Any) -> str:
    origin = getattr(annotation, "__origin__", None)
    if origin is tuple:
        return f"`[[{place}]]`"
    return f"`[{place}.NAME]`" if origin is dict else f"`[{place}]`"


def section_of(annotation: Any) -> Any:
    """The section that an annotation names, itself or as the items of a list or table; None for plain values."""
    if hasattr(annotation, "model_fields"):
        return annotation
    found = [section_of(part) for part in getattr(annotation, "__args__", ())]
    return next((section for section in found if section is not None), None)


def key_rows(section: Any) -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and meaning of each key that is a value; tables have headings of their own."""
    properties = section.model_json_schema(by_alias=True)["properties"]
    for name, field in section.model_fields.items():
        key = field.alias or name
        inner = section_of(field.annotation)
        if inner is not None and section.__name__ in ("Config", "Examples"):
            continue
        kind = SHORT.get((section.__name__, key)) or ("table" if inner else type_words(properties[key]))
        default = "required" if field.is_required() else "" if inner else value_words(field.default)
        yield f"`{key}`", kind, default, meaning(section, key, field)


def meaning(section: Any, key: str, field: Any) -> str:
    """What a key means.

    Raises:
        Gap: Nobody says.
    """
    found = field.description or ""
    if not found:
        raise Gap(f"the setting {key!r} of {section.__name__} has no description")
    return str(found)


def type_words(schema: dict[str, Any]) -> str:
    """A JSON Schema's type in words: `integer, 16 to 8192`."""
    choices = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    if choices:
        return " or ".join(dict.fromkeys(type_words(part) for part in choices))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {type_words(schema['items'])}s"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"table of {type_words(inner)}s" if isinstance(inner, dict) else "table"
    return f"{schema.get('type', 'value')}{limits(schema)}"


def limits(schema: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {schema[name]:g}" for name, sign in signs.items() if name in schema]
    return f", {', '.join(found)}" if found else ""


def value_words(value: Any) -> str:
    if value is None:
        return "none"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"


def config_schema() -> str:
    """JSON Schema of the file, with what is allowed before the values are checked: globs as strings, `extends`."""
    from openbook.config import Config

    schema = Config.model_json_schema(by_alias=True)
    sources = {"type": "string"}, {"$ref": "#/$defs/Source"}
    for name in ("sources", "updates"):
        place = schema["$defs"]["Documents"]["properties"][name]
        place.pop("type", None)
        place.pop("items", None)
        place["anyOf"] = [*sources, {"type": "array", "items": {"anyOf": list(sources)}}]
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "Another file whose settings this one takes over.",
    }
    schema["title"] = "openbook.toml"
    schema.pop("required", None)  # a file that extends another may leave out anything
    return (
        json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2, ensure_ascii=False)
        + "\n"
    )
