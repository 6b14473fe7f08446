"""`openbook config show`: what it prints can be used as it is."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbook import config as settings
from openbook.cli import main
from openbook.cli.config import comments
from openbook.cli.toml import dumps

PROJECT = """
[documents]
sources = ["pages/*.md", {glob = "uk/*.md", metadata = {region = "uk"}}]

[retrieve]
filter = {year = {ge = 2020}, region = ["uk", "ireland"]}

[[compare.kpis]]
name = "style"
pattern = '\\w+ "yes"'

[arms.wide]
kind = "rag"
retrieve = {passages = 5}
"""

scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), values, max_size=5))
def test_any_values_survive_the_way_through_toml(value: dict[str, object]) -> None:
    assert tomllib.loads(dumps(value)) == value


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "openbook.toml").write_text(PROJECT)
    return tmp_path


def test_what_is_shown_loads_as_the_same_settings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["config", "show", "-C", str(project)]) == 0
    shown = project / "shown.toml"
    shown.write_text(capsys.readouterr().out)
    assert settings.load(shown) == settings.load(project)


def test_json_holds_every_key_resolved(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["config", "show", "-C", str(project), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["chunks"]["tokens"] == settings.Chunks().tokens
    assert shown["arms"]["wide"]["retrieve"]["passages"] == 5
    assert set(shown) == set(settings.known_keys(settings.Config))


def test_keys_are_explained_behind_them_unless_plain_is_asked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main.run(["config", "show", "-C", str(project)])
    explained = capsys.readouterr().out
    main.run(["config", "show", "-C", str(project), "--plain"])
    plain = capsys.readouterr().out
    assert "# Longest chunk" in explained
    assert "# Longest chunk" not in plain
    assert tomllib.loads(explained) == tomllib.loads(plain)


def test_comments_reach_into_nested_sections() -> None:
    found = comments(settings.Config)
    assert found[("examples", "split", "test")].startswith("Share")
    assert found[("documents", "sources", "glob")].startswith("Files")


def test_an_unknown_key_is_a_sentence_and_exit_code_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "openbook.toml").write_text(PROJECT.replace("[retrieve]", "[retrieve]\npasages = 3"))
    assert main.run(["config", "show", "-C", str(project)]) == 2
    assert "Did you mean 'passages'?" in capsys.readouterr().err


def test_an_overlay_is_chosen_with_config(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "evidence.toml").write_text('extends = "openbook.toml"\n[retrieve]\npassages = 7\n')
    assert main.run(["config", "show", "-C", str(project), "--config", "evidence.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["retrieve"]["passages"] == 7
