"""Advice: every claim has its paper and figure, every statement its ground, and the order is nothing but counting."""

import copy
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from scipy import stats as reference

from openbook import config
from openbook.advise import Advice, advise
from openbook.advise.advice import COMPUTED, COUNTED, RULE, public
from openbook.advise.claims import ARMS, Claim, claims, parse_claim, rules
from openbook.advise.interview import BY_KEY, QUESTIONS, arising, band, checked
from openbook.advise.labels import ASKED, Assumed, group_spread, shown_by, wanted
from openbook.advise.measure import arms_to_ask, settings
from openbook.advise.weigh import TIE, arguments, leaders, overturns, runners_up, standings
from openbook.cli.advise_text import text
from openbook.core.errors import DataError, UsageError
from openbook.score.stats import needed_groups

ROOT = Path(__file__).parents[2]
BOT = {
    "task": "answer",
    "facts": "documents",
    "change": "monthly",
    "form": "voice",
    "speed": "any",
    "hardware": "gpu",
    "leave": "no",
    "cite": "no",
}


def every_interview() -> Iterator[dict[str, str]]:
    """All answers that fit together."""
    for facts in BY_KEY["facts"].options:
        open_ = [q for q in arising({"facts": facts}) if q.key != "facts"]
        for values in product(*(q.options for q in open_)):
            answers = {"facts": facts, **dict(zip((q.key for q in open_), values, strict=True))}
            if (answers["hardware"], answers["leave"]) != ("endpoint", "no"):
                yield checked(answers)


def advice(examples: int = 300, **changed: str) -> Advice:
    return advise({**BOT, **changed}, examples=examples)


def raw_claims() -> list[dict[str, Any]]:
    raw = tomllib.loads((files("openbook.advise") / "claims.toml").read_text(encoding="utf-8"))["claim"]
    assert isinstance(raw, list)
    return raw


# What a claim must carry


@pytest.mark.parametrize(
    "path",
    [
        "id",
        "says",
        "figure",
        "setting",
        "bears",
        "source",
        "source.title",
        "source.authors",
        "source.year",
        "source.venue",
        "source.link",
        "source.place",
        "verified",
        "verified.where",
        "verified.date",
    ],
)
def test_a_claim_without_paper_place_figure_or_verification_is_refused(path: str) -> None:
    entry = copy.deepcopy(raw_claims()[0])
    parse_claim(entry)
    *folders, last = path.split(".")
    inner = entry
    for folder in folders:
        inner = inner[folder]
    del inner[last]
    with pytest.raises(DataError):
        parse_claim(entry)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("figure", "much better"),
        ("says", "  "),
        ("verified", {"where": "the abstract", "date": "last week"}),
        ("bears", [{"on": "colour", "answers": ["red"]}]),
        ("bears", [{"on": "facts", "answers": ["rumour"]}]),
        ("bears", [{"on": "facts", "answers": ["documents"], "for": ["ragg"]}]),
        ("bears", [{"on": "facts", "answers": []}]),
    ],
)
def test_a_claim_that_says_nothing_checkable_is_refused(key: str, value: object) -> None:
    with pytest.raises(DataError):
        parse_claim({**raw_claims()[0], key: value})


def test_our_own_measurement_needs_the_strings_that_hold_it() -> None:
    own = next(entry for entry in raw_claims() if not entry["source"]["link"].startswith("https://"))
    with pytest.raises(DataError, match="quotes"):
        parse_claim({**own, "quotes": []})


def test_our_own_figures_stand_in_the_files_that_they_name() -> None:
    own = [claim for claim in claims() if claim.source.own]
    assert own
    for claim in own:
        held = (ROOT / claim.source.link).read_text(encoding="utf-8")
        assert not [quote for quote in claim.quotes if quote not in held], claim.id


def test_ids_are_unique_and_dates_are_past() -> None:
    ids = [entry.id for entry in (*claims(), *rules())]
    assert len(ids) == len(set(ids))
    assert all(date.fromisoformat(claim.verified[1]) >= date(2026, 1, 1) for claim in claims())


def test_every_claim_and_every_rule_is_used() -> None:
    used = {argument.entry.id for answers in every_interview() for argument in arguments(answers)}
    assert used == {entry.id for entry in (*claims(), *rules())}


def test_the_page_lists_the_claims_as_the_file_has_them() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import claims as tool  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(ROOT / "tools"))
    current = tool.PAGE.read_text(encoding="utf-8")
    assert tool.page(current) == current, "run: python tools/claims.py"
    assert all(claim.id in current and claim.figure in current for claim in claims())


# How arguments become an order


def test_a_question_has_one_voice_however_many_papers_speak() -> None:
    spoken = [a for a in arguments(checked(BOT | {"examples": "some"})) if a.question == "facts"]
    assert sum("rag" in argument.bearing.pro for argument in spoken) > 2
    rag = next(s for s in standings(checked(BOT | {"examples": "some"})) if s.arm == "rag")
    assert rag.voices["facts"] == 1


def test_papers_that_contradict_count_nothing() -> None:
    found = arguments(checked(BOT | {"examples": "some"}))
    both = [a.bearing for a in found if a.question == "facts" and "tuned" in (*a.bearing.pro, *a.bearing.con)]
    assert any("tuned" in bearing.pro for bearing in both)
    assert any("tuned" in bearing.con for bearing in both)
    tuned = next(s for s in standings(checked(BOT | {"examples": "some"})) if s.arm == "tuned")
    assert tuned.voices["facts"] == 0


def test_every_order_is_by_sum_with_the_simplest_first_and_the_ruled_out_last() -> None:
    for answers in every_interview():
        ordered = standings(answers)
        assert sorted(s.arm for s in ordered) == sorted(ARMS)
        assert [*ordered] == sorted(ordered, key=lambda s: (bool(s.out), -s.total, ARMS.index(s.arm)))
        assert not ordered[0].out, f"nothing is left with {answers}"


def test_arms_within_one_question_of_the_first_are_a_tie() -> None:
    for answers in every_interview():
        ordered = standings(answers)
        tied = {s.arm for s in leaders(ordered)}
        assert tied == {s.arm for s in ordered if not s.out and ordered[0].total - s.total <= TIE}
        assert not tied & {s.arm for s in runners_up(ordered)}


def test_a_tie_is_admitted_in_words() -> None:
    tied = advise({**BOT, "hardware": "cpu", "cite": "yes"}, examples=300)
    assert [s.arm for s in leaders(tied.standings)] == ["hybrid", "rag"]
    assert "hybrid or rag" in tied.expected[0].says
    assert "tie" in tied.expected[0].says


def test_a_bot_over_changing_policies_in_the_houses_voice_is_expected_to_need_both() -> None:
    assert [s.arm for s in leaders(advice(1200).standings)] == ["hybrid"]


def test_changing_documents_without_a_form_are_looked_up() -> None:
    assert advice(form="free", change="daily").standings[0].arm == "rag"


def test_a_classifier_with_many_examples_is_tuned() -> None:
    answers = {"task": "classify", "facts": "input", "form": "structure", "speed": "tight", "hardware": "gpu"}
    assert advise({**answers, "leave": "no"}, examples=2000).standings[0].arm == "tuned"


@pytest.mark.parametrize(
    ("examples", "changed", "out"),
    [
        (50, {}, {"base", "prompted"}),
        (49, {}, {"base", "prompted", "tuned", "hybrid"}),
        (300, {"hardware": "endpoint", "leave": "yes"}, {"base", "prompted", "tuned", "hybrid"}),
        (300, {"cite": "yes"}, {"base", "prompted", "tuned"}),
        (300, {"facts": "input"}, {"rag", "hybrid"}),
        (300, {"facts": "model", "hardware": "endpoint", "leave": "yes"}, {"rag", "tuned", "hybrid"}),
    ],
)
def test_what_cannot_be_had_is_ruled_out_with_its_reason(examples: int, changed: dict[str, str], out: set[str]) -> None:
    found = advice(examples, **changed)
    assert {s.arm for s in found.standings if s.out} == out
    said = [statement.says.partition(": ") for statement in found.expected if statement.says.startswith("Not ")]
    assert {arm for names, _, _ in said for arm in names.removeprefix("Not ").split(", ")} == out
    assert all(reason in {rule.says for rule in rules()} for _, _, reason in said)
    assert not {s.arm for s in leaders(found.standings)} & out


def test_what_would_overturn_it_does() -> None:
    answers = dict(advice().answers)
    found = list(overturns(answers))
    assert found
    for question, other, then in found:
        changed = {**answers, question: other}
        kept = {q.key: changed[q.key] for q in arising(changed) if q.key in changed}
        assert standings(kept)[0].arm == then != standings(answers)[0].arm


def test_what_would_not_overturn_it_is_left_out() -> None:
    answers = dict(advice().answers)
    named = {(question, other) for question, other, _ in overturns(answers)}
    for question in QUESTIONS:
        for other in question.options:
            same = other == answers[question.key] or (question.key, other) in named
            if not same and (question.key, other) != ("hardware", "endpoint") and question.key != "facts":
                assert standings({**answers, question.key: other})[0].arm == standings(answers)[0].arm


# The answers


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task": "anwser"}, "Did you mean 'answer'"),
        ({"colour": "red"}, "no question named 'colour'"),
        ({"hardware": "endpoint"}, "leaves the machine"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_sentence(changed: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        advise({**BOT, **changed}, examples=10)


def test_a_missing_answer_is_named() -> None:
    with pytest.raises(UsageError, match="Not answered: form"):
        advise({key: value for key, value in BOT.items() if key != "form"}, examples=10)


def test_questions_about_documents_do_not_arise_without_them() -> None:
    assert {"change", "cite"} & {q.key for q in arising({"facts": "input"})} == set()
    assert "change" not in advice(facts="input").answers


def test_a_number_of_examples_is_an_answer() -> None:
    assert [band(n) for n in (0, 49, 50, 999, 1000)] == ["few", "few", "some", "some", "many"]


# How much to label


def test_three_hundred_and_twenty_four_singletons_show_equality_at_the_usual_margin() -> None:
    row = wanted(Assumed(spreads=(0.3,), size=1))[0]
    assert row.equivalence == needed_groups(0.3, 0.05) == 324
    normal = (reference.norm.ppf(1 - 0.875 * 0.05) + reference.norm.ppf(0.9)) ** 2 * (0.3 / 0.05) ** 2
    assert round(normal) == 322


def test_alike_examples_of_a_group_take_more_of_them() -> None:
    def needed(size: int, correlation: float) -> int:
        return wanted(Assumed(spreads=(0.3,), size=size, correlation=correlation))[0].equivalence

    assert needed(1, 0.5) == pytest.approx(needed(4, 0.0), rel=0.03)
    assert needed(4, 0.5) == pytest.approx(needed(1, 0.0) * (1 + 3 * 0.5), rel=0.02)
    assert needed(4, 1.0) == 4 * needed(1, 0.0)


def test_the_group_spread_is_that_of_simulated_group_means() -> None:
    assumed = Assumed(size=3, correlation=0.4)
    draws = reference.multivariate_normal(
        cov=[[0.09 if i == j else 0.036 for j in range(3)] for i in range(3)], seed=0
    ).rvs(40_000)
    assert group_spread(0.3, assumed) == pytest.approx(draws.mean(axis=1).std(), rel=0.02)


def test_more_tested_pairs_take_more_examples_for_a_difference_and_not_for_equality() -> None:
    one, ten = (wanted(Assumed(spreads=(0.3,), pairs=pairs))[0] for pairs in (1, 10))
    assert ten.difference > one.difference
    assert ten.equivalence == one.equivalence


def test_what_is_to_be_labelled_gives_a_test_that_finds_the_margin() -> None:
    for assumed in (Assumed(pairs=3), Assumed(margin=0.1, size=5), Assumed(size=1, correlation=0.0)):
        for row, spread in zip(wanted(assumed), sorted(assumed.spreads), strict=True):
            found = shown_by(row.label, assumed)[sorted(assumed.spreads).index(spread)]
            assert found is not None
            assert found <= assumed.margin
            assert row.label * ASKED >= max(row.equivalence, row.difference)


def test_too_few_labels_show_nothing() -> None:
    assert shown_by(20, Assumed()) == (None, None, None)
    assert "too small to decide" in advice(20).enough[0].says


def test_the_share_that_the_test_asks_is_that_of_the_default_division() -> None:
    split = config.Examples().split
    dev = 0.25
    assert pytest.approx(split.test * (1 - dev) + (1 - split.test) * split.seen) == ASKED


# What is said


def test_every_statement_carries_a_claim_or_says_what_it_is() -> None:
    grounds = {RULE, COUNTED, COMPUTED, *(claim.id for claim in claims())}
    for found in (
        advice(),
        advice(20),
        advice(1200, facts="input"),
        advice(hardware="endpoint", leave="yes", cite="yes"),
    ):
        lines = statements(text(found))
        assert len(lines) > 15
        for line in lines:
            assert re.search(r"\[([^\[\]]+)\]$", line), line
            assert line.rsplit("[", 1)[1][:-1] in grounds, line


def statements(said: str) -> list[str]:
    """The sentences of the advice, unwrapped: without heads, tables, settings and what the user answered."""
    said = re.sub(r"^```toml\n.*?^```\n", "", said, flags=re.MULTILINE | re.DOTALL)
    found = []
    for section in said.split("\n\n"):
        head, *lines = section.splitlines()
        if head == "Your answers":
            continue
        indent = "    " if head == "Arguments" else "  "
        for line in lines:
            if re.match(indent + r"\S", line):
                found.append(line.strip())
            elif line.startswith(indent + "  "):
                found[-1] += " " + line.strip()
    tables = ("arm ", "spread ", *ARMS, "0.")
    return [line for line in found if not (line.startswith(tables) and "  " in line)]


def test_every_claim_that_is_named_has_its_source_below() -> None:
    for answers in list(every_interview())[::97]:
        found = advise(answers, examples={"few": 10, "some": 100, "many": 5000}[answers["examples"]])
        above, below = text(found).split("\nSources\n")
        named = {claim.id for claim in claims() if f"[{claim.id}]" in above.replace("\n      ", " ")}
        assert named == {claim.id for claim in found.claims}
        for claim in found.claims:
            assert claim.source.link in below
            assert claim.figure.split(",")[0] in " ".join(below.split())


def test_the_settings_load_and_ask_the_arms_that_matter() -> None:
    for answers in list(every_interview())[::53]:
        arms = arms_to_ask(standings(answers))
        written = settings(answers, arms, 0.05)
        parsed = config.parse(tomllib.loads(written))
        assert parsed.compare.arms == arms
        assert parsed.project.task == answers["task"]
        assert "prompted" in arms
        assert all(claim in {c.id for c in claims()} for claim in re.findall(r"[a-z]+-[a-z-]{6,}", comments(written)))


def comments(written: str) -> str:
    return " ".join(line.partition("#")[2] for line in written.splitlines() if "updates" not in line)


def test_tasks_and_arms_are_those_of_the_settings() -> None:
    assert config.DEFAULT_ARMS == ARMS
    for task in BY_KEY["task"].options:
        assert config.parse({"documents": {"sources": []}, "project": {"task": task}}).project.task == task


def test_the_same_answers_give_the_same_words() -> None:
    assert text(advice()) == text(advice())
    assert public(advice()) == public(advice())


def test_a_claims_year_is_not_after_its_verification() -> None:
    assert all(isinstance(c, Claim) and c.source.year <= date.fromisoformat(c.verified[1]).year for c in claims())
