"""The reference pages say what the code says, and nothing that users meet goes without a word."""

import importlib
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
EVIDENCE = sorted(file.parent for file in (ROOT / "evidence").glob("*/openbook.toml"))
PROJECTS = [ROOT / "examples/policy-bot", ROOT / "src/openbook/starter", *EVIDENCE]


@pytest.fixture(scope="module", autouse=True)
def tools() -> Iterator[None]:
    sys.path.insert(0, str(ROOT / "tools"))
    yield
    sys.path.remove(str(ROOT / "tools"))


def page(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_every_reference_page_is_current() -> None:
    reference = page("reference")
    stale = [name for name, text in reference.pages().items() if reference.current(name) != text]
    assert not stale, "run: python tools/reference.py"


def test_no_other_file_lies_among_the_generated_ones() -> None:
    reference = page("reference")
    assert {file.name for file in reference.REFERENCE.iterdir()} == set(reference.pages())


def test_check_writes_nothing_and_says_what_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = page("reference")
    monkeypatch.setattr(reference, "REFERENCE", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "not current: docs/reference/config.md" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def test_a_setting_without_a_meaning_fails() -> None:
    from pydantic import Field

    from openbook.config import Section

    settings = page("reference_settings")

    class Silent(Section):
        key: int = Field(3)

    with pytest.raises(page("reference_words").Gap, match="'key'"):
        list(settings.key_rows(Silent))


def test_every_key_that_config_show_prints_has_its_line() -> None:
    from openbook.config import Config

    settings = page("reference_settings")
    headings = dict(settings.sections(Config))
    documented = {(section, row[0].strip("`")) for section in headings.values() for row in settings.key_rows(section)}
    for section in headings.values():
        for name, field in section.model_fields.items():
            key = field.alias or name
            assert (section, key) in documented or settings.section_of(field.annotation) in headings.values(), key


def test_every_protocol_has_its_part() -> None:
    seams = page("reference_seams")
    assert {seam.protocol for seam in seams.SEAMS} == set(seams.protocols())


def test_every_registry_has_its_part() -> None:
    from openbook.core.registry import Registry

    seams = page("reference_seams")
    found = set()
    for layer in ("ingest", "retrieve", "generate", "tune", "score"):
        module = importlib.import_module(f"openbook.{layer}")
        found |= {f"openbook.{layer}:{name}" for name, value in vars(module).items() if isinstance(value, Registry)}
    assert found - {seam.registry for seam in seams.SEAMS} == {"openbook.score:CHECKS"}


def test_every_conformance_suite_is_named() -> None:
    seams = page("reference_seams")
    files = [file.stem for file in (ROOT / "src/openbook/testing").glob("*.py") if seams.suites(file)]
    assert set(files) <= {seam.suite for seam in seams.SEAMS}


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = [name for name, _, _ in page("reference_verbs").error_rows()]
    assert drawn[0] == "OpenbookError"
    assert len(drawn) == len(set(drawn)) > 10


def test_an_error_that_the_tree_leaves_out_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from openbook.core import errors

    class Forgotten(errors.OpenbookError):
        pass

    monkeypatch.setattr(errors, "Forgotten", Forgotten, raising=False)
    with pytest.raises(page("reference_words").Gap, match="Forgotten"):
        list(page("reference_verbs").error_rows())


@pytest.mark.parametrize("project", PROJECTS, ids=lambda folder: folder.name)
def test_a_project_fulfils_the_published_schema(project: Path) -> None:
    jsonschema.validate(tomllib.loads((project / "openbook.toml").read_text(encoding="utf-8")), schema())


def test_an_outside_system_needs_no_kind_in_the_published_schema_either() -> None:
    jsonschema.validate(
        {"documents": {"sources": "*.md"}, "arms": {"bot": {"model": {"name": "call:bot.py:f"}}}}, schema()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"documents": {"sources": ["*.md"]}, "retreive": {}},
        {"documents": {"sources": [3]}},
        {"documents": {"sources": "*.md"}, "chunks": {"tokens": 1}},
        {"documents": {"sources": "*.md"}, "arms": {"mine": {}}},
        {"documents": {"sources": "*.md"}, "arms": {"mine": {"model": {"name": "openai:x"}}}},
    ],
)
def test_the_published_schema_refuses_what_the_settings_refuse(wrong: dict[str, Any]) -> None:
    from openbook.config import parse
    from openbook.core.errors import ConfigError

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())
    with pytest.raises(ConfigError):
        parse(wrong)


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs/reference/openbook.schema.json").read_text(encoding="utf-8"))
    return found
