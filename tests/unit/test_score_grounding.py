"""Grounding: which answers the passages support, and how far that agrees with people."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from openbook.core.types import Answer
from openbook.score.grounding import (
    AGREEMENT,
    THRESHOLD,
    Grounded,
    agreement_sentence,
    fixed_words,
    support,
)
from openbook.score.stats import kappa
from shared_data import path
from small_project import example, hit

PASSAGE = "Returns cost £3 in Ireland. Items may be returned within 27 days of delivery, if Mrs Bell agrees."


@pytest.mark.parametrize(
    "text",
    [
        "You may return items within 27 days of delivery. [returns]",
        "In Ireland, returns cost £3.",
        "Mrs Bell agrees.",
        "Items may be returned within 27 days of delivery.\nReturns cost £3.",
    ],
)
def test_what_the_passage_says_is_supported(text: str) -> None:
    assert support(text, [PASSAGE]) >= THRESHOLD


@pytest.mark.parametrize(
    "text",
    [
        "Items may be returned within 30 days of delivery.",
        "Returns cost £4 in Ireland.",
        "In Scotland returns cost £3.",
        "Our friendly shop sells warm bread every morning.",
        "Items may be returned if Mr Jones agrees.",
    ],
)
def test_another_number_another_name_or_another_subject_is_not(text: str) -> None:
    assert support(text, [PASSAGE]) < THRESHOLD


def test_a_sentence_is_held_against_one_sentence_and_not_against_scattered_words() -> None:
    assert support("Delivery in Ireland may cost days.", [PASSAGE]) < support("Delivery within days.", [PASSAGE]) == 1.0


def test_a_houses_greeting_claims_nothing() -> None:
    references = [f"Hello trailmate! It costs £{n}. Happy trails!" for n in range(20)]
    fixed = fixed_words(references)
    answer = "Hello trailmate! In Ireland, returns cost £3. Happy trails!"
    assert support(answer, [PASSAGE]) < THRESHOLD <= support(answer, [PASSAGE], fixed=fixed)
    assert fixed_words(references[:5]) == frozenset()
    assert Grounded(fixed).signature != Grounded().signature


def test_who_claims_nothing_is_grounded_and_who_has_no_passage_is_not() -> None:
    metric, asked = Grounded(), example("asked")
    assert metric.mark(asked, Answer(text="I don't know.", abstained=True)) == 1.0
    assert metric.mark(asked, Answer(text="Returns cost £3.")) == 0.0
    assert metric.mark(asked, Answer(text="Returns cost £3.", hits=(hit("a.md", PASSAGE),))) == 1.0


def test_an_agreement_that_may_be_weak_is_called_unvalidated() -> None:
    assert agreement_sentence(kappa([0, 1, 1, 0], [0, 1, 0, 0]), "labels").startswith("Unvalidated: Cohen's kappa 0.50")
    assert (
        Grounded()
        .remarks()[0]
        .startswith("Validated elsewhere, not on your documents: Cohen's kappa 0.68 [0.58, 0.78]")
    )


def measure() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks/grounding/measure.py"
    spec = importlib.util.spec_from_file_location("measure_grounding", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_shipped_threshold_and_agreement_are_what_the_benchmark_measures() -> None:
    bench = measure()
    choosing, measured = bench.halves(bench.read_replies(path("begin_wow") / "begin_dev_wow.tsv"))
    assert bench.best_threshold(choosing) == THRESHOLD
    found = bench.agreement(measured, THRESHOLD)
    for name in ("kappa", "low", "high", "observed", "chance"):
        assert getattr(found, name) == pytest.approx(getattr(AGREEMENT, name), abs=5e-4)
    assert (found.n, found.groups) == (AGREEMENT.n, AGREEMENT.groups)
    page = (Path(__file__).parents[2] / "docs/evidence/grounding.md").read_text(encoding="utf-8")
    assert page == bench.page(choosing, measured)
