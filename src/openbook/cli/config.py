"""`openbook config show`: every setting with its value and what it means. Knows nothing of what settings set in motion."""

from typing import Any

import click

from openbook.cli.verb import json_option, print_json, project_options, verb_group


@verb_group("config", example="openbook config show")
def config() -> None:
    """Show every setting, resolved."""


@config.verb("show", example="openbook config show\nopenbook config show --json | jq .retrieve")
@project_options
@json_option
@click.option("--plain", is_flag=True, help="Without the comments.")
def show(root: Any, file: str, as_json: bool, plain: bool) -> None:
    """Print the settings with all defaults filled in, as TOML that can be used as it is."""
    from openbook import config as settings
    from openbook.cli.toml import dumps

    values = settings.resolved(settings.load(root / file))
    if as_json:
        print_json(values)
    else:
        click.echo(dumps(values, comments={} if plain else comments(settings.Config)), nl=False)


def comments(section: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """What each key means, by its path in the file."""
    found: dict[tuple[str, ...], str] = {}
    for name, field in section.model_fields.items():
        place = (*path, field.alias or name)
        if field.description:
            found[place] = field.description
        for inner in _sections(field.annotation):
            found.update(comments(inner, place))
    return found


def _sections(annotation: Any) -> list[Any]:
    """The sections that an annotation names: itself, or the items of a tuple of them."""
    if hasattr(annotation, "model_fields"):
        return [annotation]
    if str(getattr(annotation, "__name__", "")) in ("dict",) or getattr(annotation, "__origin__", None) is dict:
        return []
    return [inner for part in getattr(annotation, "__args__", ()) for inner in _sections(part)]
