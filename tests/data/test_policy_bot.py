"""The shipped example project keeps its rules, and the rules notice data that doesn't."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from policy_bot_rules import UNANSWERABLE, Row, Rows, check, has_words

from openbook.core.types import Example
from openbook.score.facts import has_facts, has_stale

ROOT = Path(__file__).resolve().parents[2] / "examples" / "policy-bot"


@dataclass
class Data:
    pages: dict[str, str]
    updated: dict[str, str]
    examples: Rows
    updates: Rows

    def problems(self) -> list[str]:
        return check(self.pages, self.updated, self.examples, self.updates, whole=True)

    def row(self, name: str) -> Row:
        return next(row for row in [*self.examples, *self.updates] if row["id"] == name)

    def edit(self, slug: str, old: str, new: str, *, both: bool = True) -> None:
        for pages in (self.pages, self.updated) if both else (self.updated,):
            assert old in pages[slug]
            pages[slug] = pages[slug].replace(old, new)


def read_pages(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}


def read_rows(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def shipped() -> Data:
    return Data(
        pages=read_pages(ROOT / "policies"),
        updated=read_pages(ROOT / "v2"),
        examples=read_rows(ROOT / "examples.jsonl"),
        updates=read_rows(ROOT / "updates.jsonl"),
    )


@pytest.fixture
def data(shipped: Data) -> Data:
    return copy.deepcopy(shipped)


def as_example(row: Row) -> Example:
    return Example(
        id=row["id"],
        input=row["input"],
        references=(row["reference"],),
        facts=tuple(tuple(group) for group in row.get("facts", [])),
        stale=tuple(row.get("stale", [])),
    )


def test_the_shipped_data_keeps_every_rule(shipped: Data) -> None:
    assert shipped.problems() == []


def test_pages_without_a_changed_fact_are_the_same_in_both_versions(shipped: Data) -> None:
    changed = {row["group"] for row in shipped.updates}
    assert {slug for slug, page in shipped.pages.items() if shipped.updated[slug] != page} == changed
    assert len(changed) == 18


def test_the_changed_facts_are_edits_additions_and_deletions(shipped: Data) -> None:
    kinds = {row["fact"]: row["change"] for row in shipped.updates}
    assert Counter(kinds.values()) == {"edit": 12, "add": 3, "delete": 3}


def test_every_reference_is_right_by_the_projects_own_metric(shipped: Data) -> None:
    rows = [as_example(row) for row in [*shipped.examples, *shipped.updates]]
    assert [row.id for row in rows if not has_facts(row, row.reference) or has_stale(row, row.reference)] == []


def test_no_old_answer_is_right_after_the_change(shipped: Data) -> None:
    old = {row["input"]: row["reference"] for row in shipped.examples}
    asked_before = [row for row in shipped.updates if row["input"] in old]
    assert len(asked_before) == 30
    assert all(has_stale(as_example(row), old[row["input"]]) for row in asked_before)
    edited = [row for row in asked_before if row.get("facts")]
    assert not any(has_facts(as_example(row), old[row["input"]]) for row in edited)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("exchanges-nordics-2", "Nordic stores exchange items bought online without an appointment."),
        ("exchanges-nordics-2", "You do not need an appointment."),
        ("exchanges-ireland-1", "You can choose an advance exchange, for which the card is blocked."),
        ("exchanges-uk-6", "You have 70 days, and the first exchange is not free."),
        ("exchanges-nordics-4", "She does not get an email about the exchange."),
        ("gift-cards-3", "Gift cards pay for guided walks in May."),
        ("warranty-ireland-6", "Within 33 days, and you have the free choice between a repair and a replacement."),
        ("guided-walks-ireland-3", "Lunch is not included."),
        ("repairs-nordics-5", "The workshop is open in July."),
    ],
)
def test_the_opposite_of_the_policy_is_not_right(shipped: Data, name: str, answer: str) -> None:
    assert not has_facts(as_example(shipped.row(name)), answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("event-cancellations-4", "At least 13 people."),
        ("membership-ireland-5", "You must be at least 18, and five kids fit."),
        ("exchanges-nordics-2", "Only with an appointment."),
        ("shipping-nordics-5", "It costs 420 kroner, and fuel can't be shipped to Denmark."),
        ("membership-nordics-4", "From the first of the following month."),
        ("warranty-ireland-5", "You can choose."),
        ("tent-rental-uk-3", "Until 16:50."),
    ],
)
def test_other_wordings_of_the_policy_are_right(shipped: Data, name: str, answer: str) -> None:
    assert has_facts(as_example(shipped.row(name)), answer)


def test_the_second_reading_covers_60_examples_and_finds_what_the_card_says(shipped: Data) -> None:
    rows = read_rows(ROOT / "second-reading.jsonl")
    assert len({row["id"] for row in rows}) == len(rows) == 60
    assert {row["id"] for row in rows} <= {row["id"] for row in shipped.examples}
    assert all(row["note"] for row in rows if row["verdict"] != "ok")
    found = Counter(row["verdict"] for row in rows)
    assert found == {"ok": 44, "doubtful": 9, "wrong": 7}
    card = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{found['wrong']} of 60" in card
    assert f"{found['doubtful']} more" in card


def break_reference(data: Data) -> None:
    data.row("returns-uk-5")["reference"] = "You lose 15%. [returns-uk]"


def break_citation(data: Data) -> None:
    row = data.row("returns-uk-5")
    row["reference"] = row["reference"].replace("[returns-uk]", "[exchanges-uk]")


def break_value(data: Data) -> None:
    row = data.row("returns-uk-5")
    row["reference"] = row["reference"].replace("15%", "25%")


def break_page(data: Data) -> None:
    data.edit("returns-uk", "reduced by 15%", "reduced by 25%")


def break_region(data: Data) -> None:
    data.row("shipping-uk-2")["input"] = "express cutoff fridays"


def break_length(data: Data) -> None:
    row = data.row("returns-uk-5")
    row["reference"] = row["reference"].replace("15%.", "15% " + "and so on " * 10 + "as agreed.")


def break_abstention(data: Data) -> None:
    data.row("returns-uk-6")["reference"] = UNANSWERABLE.replace("crew", "staff")


def break_wording(data: Data) -> None:
    data.row("exchanges-uk-6")["facts"][1].append("free")


def break_id(data: Data) -> None:
    data.row("returns-uk-5")["id"] = "returns-uk-4"


def break_skeleton(data: Data) -> None:
    data.row("shipping-ireland-2")["input"] = data.row("shipping-uk-2")["input"].replace("uk", "ireland")


def break_openings(data: Data) -> None:
    for row in data.examples[:20]:
        row["input"] = f"How long do {row['input']}"


def break_quota(data: Data) -> None:
    for row in data.examples:
        row["tags"] = [tag for tag in row.get("tags", []) if tag not in ("typo", "fragment")]


def break_sections(data: Data) -> None:
    data.row("returns-uk-4")["facts"] = [["£3.20"], ["40 days", "£3.20"]]


def break_sibling_page(data: Data) -> None:
    data.pages["returns-ireland"] = data.pages["returns-uk"].replace("UK", "Ireland").replace("£", "€")


def break_unchanged_page(data: Data) -> None:
    data.edit("returns-ireland", "33 days", "36 days", both=False)


def break_missing_page(data: Data) -> None:
    del data.updated["returns-ireland"]


def break_change(data: Data) -> None:
    data.updated["returns-uk"] = data.pages["returns-uk"]


def break_two_changes(data: Data) -> None:
    data.edit("returns-uk", "£3.20", "£3.40", both=False)


def break_stale(data: Data) -> None:
    data.row("u-returns-uk-window-a")["stale"] = ["31 days"]


def break_probe(data: Data) -> None:
    data.row("u-returns-uk-window-c")["input"] = data.row("returns-uk-1")["input"]


def break_totals(data: Data) -> None:
    data.examples = data.examples[:350]


@pytest.mark.parametrize(
    ("mutate", "expected"),
    [
        (break_reference, "returns-uk-5: its reference hasn't the structure"),
        (break_citation, "returns-uk-5: its reference doesn't cite exactly its documents"),
        (break_value, "returns-uk-5: the reference has none of"),
        (break_page, "returns-uk-5: the v1 page has none of"),
        (break_region, "shipping-uk-2: its input doesn't name the region"),
        (break_length, "returns-uk-5: its reference has"),
        (break_abstention, "returns-uk-6: its reference isn't the unanswerable one"),
        (break_wording, "exchanges-uk-6: the wording 'free' isn't specific"),
        (break_id, "returns-uk-4: the id is used 2 times"),
        (break_skeleton, "has the same skeleton as"),
        (break_openings, "inputs begin with 'how long do'"),
        (break_quota, "have the tag typo or fragment"),
        (break_sections, "returns-uk-4: both values stand in the same section"),
        (break_sibling_page, "returns-ireland and returns-uk: share most of their numbers"),
        (break_unchanged_page, "returns-ireland: its page differs in v2 but has 0 changed facts"),
        (break_missing_page, "returns-ireland: its page stands in one version only"),
        (break_change, "returns-uk: has a changed fact but its page is the same in v2"),
        (break_two_changes, "v2/returns-uk: must differ from v1 in exactly one section"),
        (break_stale, "u-returns-uk-window-a: none of its stale wordings stands in v1"),
        (break_probe, "u-returns-uk-window-c: its input is used among the examples"),
        (break_totals, "350 examples, fewer than 360"),
    ],
    ids=lambda value: value.__name__.removeprefix("break_") if callable(value) else "is reported",
)
def test_broken_data_is_reported(data: Data, mutate: Callable[[Data], None], expected: str) -> None:
    mutate(data)
    assert any(expected in problem for problem in data.problems()), data.problems()


def test_a_wording_is_matched_as_whole_words_and_numbers() -> None:
    assert has_words("It costs £9.", "£9")
    assert not has_words("It costs £9.10.", "£9")
    assert not has_words("After 127 days", "27 days")
