"""The forgetting probe on the page and on a terminal: a table, what it does not say, and a reason that leads to it."""

import re
from typing import Any

import pytest

import page_sample
from openbook.cli.show import show_report
from openbook.compare.pages import page, tables

REASON = "forgetting: hybrid forgets: its loss on general text rises by +0.250 [+0.150, +0.350] nats a token."


@pytest.fixture
def report() -> dict[str, Any]:
    made = page_sample.report()
    counted = {"n": 12, "failures": 0}
    loss = {
        **counted, "base": 3.0, "tuned": 3.25, "difference": 0.25, "low": 0.15, "high": 0.35,
        "p": 0.01, "p_adjusted": 0.02, "verdict": "worse", "reason": "",
    }  # fmt: skip
    floor = {**counted, "base": 0.0, "tuned": 0.0, "verdict": "floor", "reason": "the base follows <none> of them"}
    made["probes"]["forgetting"] = {
        "paragraphs": 24,
        "instructions": 12,
        "margins": {"loss": 0.02, "instructions": 0.1},
        "arms": {"hybrid": {"loss": loss, "instructions": {**floor, "lost": [], "gained": []}}},
    }
    made["recommendation"]["reasons"].append(REASON)
    made["recommendation"]["reason_cells"].append(["hybrid.forgetting"])
    return made


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_what_was_forgotten_stands_in_a_table_that_its_reason_leads_to(report: dict[str, Any]) -> None:
    html = page.html(report, command="openbook compare")
    assert '<th scope="row" id="cell-2-forgetting">hybrid</th>' in html
    assert 'href="#cell-2-forgetting"' in html
    assert 'href="#forgetting"' in html
    assert "24 paragraphs of general English" in html
    assert "3.000 3.250 +0.250 [+0.150, +0.350] forgets 0/12 0/12 – floor" in words(html)
    assert "hybrid, instructions: the base follows &lt;none&gt; of them." in html


def test_markdown_has_the_same_table(report: dict[str, Any]) -> None:
    text = tables.markdown(report, command="openbook compare")
    assert "| hybrid | 3.000 | 3.250 | +0.250 [+0.150, +0.350] | forgets | 0/12 | 0/12 | – | floor |" in text
    assert "- hybrid, instructions: the base follows <none> of them." in text


def test_a_terminal_says_that_the_report_tells_of_it(
    report: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    show_report(report)
    assert "More in the report: why answers were wrong and what to try, every tested pair, what forgetting cost" in (
        capsys.readouterr().out
    )


def test_without_the_probe_there_is_no_section(capsys: pytest.CaptureFixture[str]) -> None:
    report = page_sample.report()
    report["probes"]["forgetting"] = None
    assert "#forgetting" not in page.html(report, command="openbook compare")
    assert "Forgetting" not in tables.markdown(report, command="openbook compare")
    show_report(report)
    assert "forgetting" not in capsys.readouterr().out
