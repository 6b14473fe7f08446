"""Arms as configured: kinds, settings of their own, and arms that a model cannot have."""

from typing import Any

import pytest

from openbook.config import Config, parse
from openbook.core.errors import ConfigError
from openbook.project.plans import plan, plans


def config(**sections: Any) -> Config:
    return parse({"documents": {"sources": ["*.md"]}, **sections})


def test_arms_come_in_the_configured_order_and_each_once() -> None:
    arms = plans(config(compare={"arms": ["rag", "base", "rag"]}))
    assert [arm.name for arm in arms] == ["rag", "base"]


def test_an_arm_of_its_own_changes_single_keys_and_inherits_the_rest() -> None:
    made = config(
        retrieve={"passages": 4, "mode": "dense"},
        generate={"max_tokens": 33},
        arms={"wide": {"kind": "rag", "retrieve": {"passages": 9}}},
        compare={"arms": ["rag", "wide"]},
    )
    narrow, wide = plans(made)
    assert (narrow.kind, wide.kind) == ("rag", "rag")
    assert (narrow.retrieve.passages, wide.retrieve.passages) == (4, 9)
    assert wide.retrieve.mode == "dense"
    assert wide.generate.max_tokens == 33


def test_a_kind_s_own_table_stands_for_it() -> None:
    made = config(arms={"rag": {"kind": "rag", "model": {"name": "quote"}}})
    assert plan(made, "rag").model.name == "quote"
    assert plan(made, "base").model.name == "smollm2-reader"


def test_an_unknown_arm_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"no arm named 'hybird'\. Did you mean 'hybrid'"):
        plan(config(), "hybird")


@pytest.mark.parametrize(
    ("kind", "model", "why"),
    [
        ("tuned", {"name": "openai:gpt-4o"}, "openai:gpt-4o cannot be tuned here"),
        ("hybrid", {"name": "quote"}, "quote cannot be tuned here"),
        ("base", {"name": "quote"}, "quote answers from passages"),
        ("prompted", {"name": "quote"}, "quote answers from passages"),
        ("tuned", {"name": "scripted:s.jsonl"}, "has no weights to tune"),
        ("tuned+rag", {"name": "quote"}, "quote cannot be tuned here"),
        ("external", {"name": "quote"}, "quote answers from passages"),
        ("rag", {"name": "command:./bot.sh"}, "command:./bot.sh brings its own prompt and passages"),
        ("tuned", {"name": "recorded:answers.jsonl"}, "brings its own prompt and passages"),
        ("hybrid", {"name": "smollm2", "adapter": "mine"}, "carries the adapter 'mine' already"),
    ],
)
def test_an_arm_that_a_model_cannot_have_says_why(kind: str, model: dict[str, str], why: str) -> None:
    assert why in plan(config(model=model), kind).impossible


@pytest.mark.parametrize(
    ("kind", "sections"),
    [
        ("rag", {"model": {"name": "quote"}}),
        ("base", {"model": {"name": "openai:gpt-4o"}}),
        ("rag", {"model": {"name": "smollm2", "adapter": "mine"}}),
        ("tuned", {"model": {"name": "scripted:s.jsonl"}, "tune": {"trainer": "memorise"}}),
        ("hybrid", {}),
        ("tuned+rag", {}),
        ("rag-oracle", {"model": {"name": "quote"}}),
        ("external", {"model": {"name": "openai:my-bot"}}),
        ("external", {"model": {"name": "call:bot.py:answer"}}),
    ],
)
def test_an_arm_that_a_model_can_have_is_possible(kind: str, sections: dict[str, Any]) -> None:
    assert plan(config(**sections), kind).impossible == ""


def test_retrieving_and_tuning_are_the_two_switches() -> None:
    switches = {arm.name: (arm.retrieves, arm.tunes) for arm in plans(config())}
    assert switches == {
        "base": (False, False),
        "prompted": (False, False),
        "rag": (True, False),
        "tuned": (False, True),
        "hybrid": (True, True),
    }


def test_an_arm_with_an_outside_system_is_external_unless_it_says_otherwise() -> None:
    made = config(arms={"bot": {"model": {"name": "command:./bot.sh --fast"}}}, compare={"arms": ["bot"]})
    (bot,) = plans(made)
    assert (bot.kind, bot.scheme, bot.retrieves, bot.tunes) == ("external", "command", False, False)
    with pytest.raises(ConfigError, match=r"arms\.bot\.kind' is missing"):
        config(arms={"bot": {"model": {"name": "openai:my-bot"}}})


def test_an_outside_system_ends_its_answers_itself_unless_its_arm_limits_them() -> None:
    bot: dict[str, Any] = {"model": {"name": "recorded:a.jsonl"}}
    short = {**bot, "generate": {"max_tokens": 9}}
    made = config(generate={"max_tokens": 33, "stop": ["\n"]}, arms={"bot": bot, "short": short})
    assert plan(made, "bot").generate.max_tokens > 10_000
    assert plan(made, "bot").generate.stop == ()
    assert plan(made, "short").generate.max_tokens == 9


def test_controls_and_outside_systems_take_part_on_request_only() -> None:
    assert [arm.name for arm in plans(config())] == ["base", "prompted", "rag", "tuned", "hybrid"]
    asked = plans(config(compare={"arms": ["tuned+rag", "rag-oracle"]}, arms={"tuned+rag": {"kind": "tuned+rag"}}))
    assert [(arm.retrieves, arm.tunes, arm.studies_passages) for arm in asked] == [
        (True, True, False),
        (True, False, False),
    ]
