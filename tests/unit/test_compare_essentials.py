"""What a terminal shows: the table, the verdict, a few notes; and that the pages hold all that it leaves out."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

import page_sample
from openbook.cli.main import run
from openbook.cli.show import show_report
from openbook.compare.material import gather
from openbook.compare.outcome import conclude
from openbook.compare.pages import essentials, probed, tables, wrongs
from openbook.project import Project
from small_project import MANY_SHOPS, lines, write

MORE = """
robustness = true
robustness_questions = 4
[compare]
arms = ["base", "rag", "tuned", "rag-oracle"]
seeds = [0, 1]
[constraints]
usd_per_1000 = 5.0
seconds_p95 = 30.0
[judge]
model = "scripted:judge.jsonl"
criteria = "It names a price."
pairs = ["rag-base"]
"""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("shops") / "shops", shops=MANY_SHOPS, updates=True, more=MORE)
    settings = folder / "openbook.toml"
    wanted = "forgetting = true\nforgetting_texts = 2\nforgetting_instructions = 2"
    settings.write_text(settings.read_text(encoding="utf-8").replace("forgetting = false", wanted), encoding="utf-8")
    lines(folder / "judge.jsonl", [{"when": r"<first>\n[^<]*think", "say": "second"}, {"default": "first"}])
    (folder / "pages" / "blank.md").write_text("", encoding="utf-8")
    return folder


def test_the_verdict_follows_the_table_and_little_follows_the_verdict(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "-C", str(shops)]) == 0
    said = capsys.readouterr().out
    table, verdict, notes, where = said.rstrip().split("\n\n")
    assert [line.split()[0] for line in table.splitlines()] == ["arm", "base", "rag", "tuned", "rag-oracle"]
    assert verdict.splitlines()[1].startswith("  because  ")
    told = notes.splitlines()
    assert len(told) <= 6
    assert " groups (" in told[0]
    assert "Look 1 at these test questions: tested at alpha 0.05." in told[1]
    assert told[-1].startswith("More in the report: why answers were wrong and what to try, every tested pair")
    assert where.startswith("Report: ")
    assert run(["report", "-C", str(shops)]) == 0
    assert capsys.readouterr().out == said


def test_the_pages_hold_all_that_the_terminal_leaves_out(shops: Path) -> None:
    project = Project.open(shops)
    outcome = conclude(project, gather(project))
    report: dict[str, Any] = dict(outcome.report)
    markdown, page = ((outcome.folder / name).read_text(encoding="utf-8") for name in ("report.md", "report.html"))
    shown = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    notes = tables.notes(report)
    assert len(notes) > 6
    for line in [*notes, *tables.absent(report)]:
        assert f"- {line}" in markdown
        if not line.endswith("cut at the length limit."):
            assert re.sub(r"\s+", " ", line) in shown
    for section in probed.sections(report):
        assert f"## {section.title}" in markdown
        assert section.title in shown
    for row in wrongs.rows(report):
        for _, fix in row.fixes:
            assert fix in markdown
            assert fix.replace("`", "") in re.sub(r" (?=[.,;])", "", shown) or fix in shown.replace(" ` ", "`")
    for name in ("Forgetting", "Why answers were wrong", "What a year costs"):
        assert f"## {name}" in markdown


def test_answers_that_were_cut_and_those_that_are_missing_are_essential(capsys: pytest.CaptureFixture[str]) -> None:
    report = page_sample.report()
    report["arms"]["rag"]["cut"] = 2
    report["arms"]["hybrid"] |= {"cut": 1, "asked": 3}
    assert essentials.lines(report)[1:] == [
        "hybrid: 3 of 4 answers so far.",
        "Answers cut at the length limit: 2 of rag, 1 of hybrid.",
    ]
    report["look"], report["looks"] = {"number": 2, "alpha": 0.025}, 3
    assert essentials.lines(report)[-1].startswith("Look 2 at these test questions: tested at alpha 0.025, since")
    assert essentials.lines(report)[-1].endswith("Looks at test scores so far: 3. Use --dev for iterating.")


def test_brackets_in_a_sentence_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    report = page_sample.report()
    report["recommendation"]["verdict"] = "Use rag: [constraints] private."
    report["arms"]["tuned"]["not_applicable"] = "[constraints] private: no"
    show_report(report)
    said = capsys.readouterr().out
    assert "Use rag: [constraints] private." in said
    assert "tuned: not applicable: [constraints] private: no." in said
