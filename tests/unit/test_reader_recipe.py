"""The reader's recipe and the adapter that ships: rows that follow from the seed, articles kept apart, a small file."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

import openbook
import shared_data
from openbook.core.types import Row

ROOT = Path(__file__).parents[2]
READER = Path(openbook.__file__).parent / "reader"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "recipes/reader"))
    return importlib.import_module("make_rows")


@pytest.fixture
def parts(recipe: Any) -> Any:
    squad = importlib.import_module("squad")
    return recipe.split(squad.read_articles(shared_data.path("squadshifts/new_wiki_v1.0.json")), seed=0)


def passages(row: Row) -> str:
    return row.messages[-1].content.split("\n\nQuestion:")[0]


def test_no_article_is_on_two_sides(parts: Any) -> None:
    sides = [{article.title for article in side} for side in (parts.train, parts.dev, parts.held_out)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 48
    assert len(sides[2]) >= 10


def test_rows_follow_from_the_seed_and_ask_each_question_once(recipe: Any, parts: Any) -> None:
    articles = parts.train[:6]
    rows = recipe.make_rows(articles, count=200, seed=0)
    assert rows == recipe.make_rows(articles, count=200, seed=0)
    assert rows != recipe.make_rows(articles, count=200, seed=1)
    assert len({row.example for row in rows}) == len(rows) >= 200


def test_the_answer_stands_in_the_passages_unless_the_row_abstains(recipe: Any, parts: Any) -> None:
    styles = importlib.import_module("styles")
    articles = parts.train[:6]
    answers = {case.question.id: case.question.answers for case in recipe.cases(articles)}
    abstaining = 0
    rows = recipe.make_rows(articles, count=300, seed=0)
    for row in rows:
        if any(sentence in row.completion for sentence in styles.ABSTAIN):
            abstaining += 1
            continue
        flat = " ".join(passages(row).split())
        assert any(" ".join(answer.split()) in flat for answer in answers[row.example]), row
    assert 0.06 < abstaining / len(rows) < 0.2


def test_the_adapter_that_ships_is_small_and_says_what_it_is() -> None:
    manifest = json.loads((READER / "manifest.json").read_text(encoding="utf-8"))
    config = json.loads((READER / "adapter_config.json").read_text(encoding="utf-8"))
    assert (READER / "adapter_model.safetensors").stat().st_size < 12_000_000
    assert config["base_model_name_or_path"] == manifest["base_name"] == "smollm2"
    assert config["r"] == manifest["tuning"]["rank"] == 16
    card = (READER / "README.md").read_text(encoding="utf-8")
    assert manifest["base"] in card
    assert manifest["fingerprint"] in card
    assert f"{manifest['rows']:,} rows" in card
