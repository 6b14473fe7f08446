"""From a user's file to checked values: `extends`, what arms inherit, and errors as sentences."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from openbook.config.extends import inherited, read_toml
from openbook.config.sections import FILE, Arm, Compare, Config, Documents, Kpi, Source, StyleCheck
from openbook.core.errors import ConfigError, unknown


def load(path: Path) -> Config:
    """Read `openbook.toml` (a file, or the folder that holds it), following `extends`.

    Raises:
        ConfigError: No such file, not TOML, an unknown key (with a suggestion) or a value out of range.
    """
    file = path / FILE if path.is_dir() else path
    return parse(read_toml(file), where=file)


def parse(raw: dict[str, Any], *, where: Path | str = FILE) -> Config:
    """Check raw TOML values; `[arms.NAME]` tables inherit what they leave out from the top."""
    try:
        return Config.model_validate(inherited(raw))
    except ValidationError as error:
        raise ConfigError(f"{where}: {_sentence(error)}") from error


def resolved(config: Config) -> dict[str, Any]:
    """Every key with its value, in the file's own spelling; what `openbook config show` prints."""
    return config.model_dump(mode="json", by_alias=True, exclude_none=True)


def _sentence(error: ValidationError) -> str:
    sentences = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            sentences.append(_unknown_key(item["loc"]))
        elif item["type"] == "missing":
            sentences.append(f"the key {place!r} is missing.")
        else:
            value = item.get("input")
            shown = "" if isinstance(value, dict | list) else f" (found {value!r})"
            sentences.append(f"{place}: {item['msg'][0].lower()}{item['msg'][1:]}{shown}.")
    return " ".join(sentences)


def _unknown_key(place: tuple[int | str, ...]) -> str:
    section: Any = Config
    for part in place[:-1]:
        section = _step(section, part)
    names = known_keys(section) if section is not None else []
    table = ".".join(str(part) for part in place[:-1])
    return f"[{table}] {unknown('key', str(place[-1]), names)}" if table else unknown("key", str(place[-1]), names)


def _step(section: Any, part: int | str) -> Any:
    """The model behind one step of an error's place; list indices and arm names stay on their item's model."""
    items = {Source: Source, Kpi: Kpi, StyleCheck: StyleCheck}
    if section == "arms":
        return Arm
    if isinstance(part, int):
        return items.get(section, section)
    if section is Config and part == "arms":
        return "arms"
    by_place = {"sources": Source, "updates": Source, "kpis": Kpi, "checks": StyleCheck}
    if part in by_place and section in (Documents, Compare, Kpi):
        return by_place[str(part)]
    for name, field in getattr(section, "model_fields", {}).items():
        if part in (name, field.alias):
            return next((kind for kind in _models(field.annotation)), None)
    return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


def known_keys(section: type[BaseModel]) -> list[str]:
    """The keys of a section as written in the file."""
    return [field.alias or name for name, field in section.model_fields.items()]
