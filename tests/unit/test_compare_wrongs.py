"""The table of wrong answers, the usual table and the memo: what they say, and that they say no more than the report."""

import re
from typing import Any

import pytest

import page_sample
from openbook.cli.main import run
from openbook.compare.pages import classic, memo, wrongs
from openbook.compare.pages.anchors import anchors, linked
from openbook.compare.pages.figures import columns
from small_project import Project, open_project

Json = dict[str, Any]


def row(report: Json, name: str) -> dict[str, str]:
    return next(row["arms"] for row in classic.classic(report) if row["row"] == name)


def points(report: Json) -> dict[str, str]:
    return dict(memo.memo_points(report))


def test_a_class_that_occurs_stands_with_its_counts_and_what_to_try() -> None:
    found = wrongs.rows(page_sample.report())
    assert [(one.name, dict(one.counts)) for one in found] == [
        ("not_retrieved", {"base": 0, "rag": 1, "hybrid": 0}),
        ("unused", {"base": 0, "rag": 1, "hybrid": 1}),
        ("not_known", {"base": 3, "rag": 0, "hybrid": 0}),
    ]
    assert [arms for arms, _ in found[1].fixes] == ["rag", "hybrid"]
    assert [arms for arms, _ in found[0].fixes] == [""]


def test_no_wrong_answer_at_all_has_a_sentence() -> None:
    report = page_sample.report()
    for counts in report["why"]["arms"].values():
        counts |= dict.fromkeys(counts, 0)
    report["why"] |= {"rows": [], "totals": {"base": {"wrong": 0, "answers": 4}}}
    assert wrongs.markdown(report) == "No answer was wrong."


def test_a_graded_metric_says_from_where_on_an_answer_is_wrong() -> None:
    report = page_sample.report()
    report["why"]["below"] = 0.4
    assert "whose facts is below .40 ([compare] wrong_below)" in wrongs.lead(report)
    report["metrics"][0]["higher_is_better"] = False
    assert "whose facts is above .60" in wrongs.lead(report)


def test_markdown_has_a_row_a_class_and_the_totals() -> None:
    text = wrongs.markdown(page_sample.report())
    assert "| retrieved but unused |  | 1 | 1 | rag: Tune over retrieval" in text
    assert "| all | 3 of 4 | 2 of 4 | 1 of 4 |  |" in text


def test_the_usual_table_tells_what_was_measured() -> None:
    report = page_sample.report()
    assert row(report, "data requirement")["hybrid"] == "3 documents, 20 labelled rows, 2 times"
    assert row(report, "training") == {"base": "none", "rag": "none", "hybrid": "60.0 s, 10 steps"}
    assert row(report, "up-to-date knowledge")["rag"] == "0/6 before the update, 4/6 after"
    assert row(report, "domain adaptation")["rag"] == "seen +.40, new +.40 over base"
    assert row(report, "cost and complexity")["hybrid"] == "model + index + adapter; $0.300 for 1,000 answers"
    assert row(report, "latency")["base"] == "median 1.00 s, 95th percentile 2.00 s"
    assert row(report, "maintenance")["hybrid"].startswith("re-index: 1.5 s; train again")


def test_what_was_not_measured_says_so() -> None:
    report = page_sample.report()
    report["probes"]["freshness"] = None
    report["arms"]["rag"] |= {"seconds": {}, "usd": {"training": 0.0, "indexing": 0.0, "per_1000": None}}
    report["arms"]["hybrid"]["adapter"] = None
    assert row(report, "up-to-date knowledge")["rag"] == row(report, "latency")["rag"] == "not measured"
    assert row(report, "training")["hybrid"] == "not measured"
    assert row(report, "maintenance")["rag"] == "re-index: not measured"
    assert "price of answers unknown" in row(report, "cost and complexity")["rag"]


def test_a_gain_is_a_gain_also_where_lower_is_better() -> None:
    report = page_sample.report()
    report["metrics"][0]["higher_is_better"] = False
    assert row(report, "domain adaptation")["rag"] == "seen −.40, new −.40 over base"


def test_without_a_plain_arm_there_is_nothing_to_measure_a_gain_against() -> None:
    report = page_sample.report()
    del report["arms"]["base"]
    assert row(report, "domain adaptation")["rag"] == "not measured"


def test_a_memo_is_half_a_page_of_seven_points() -> None:
    text = memo.memo(page_sample.report())
    assert len(text.splitlines()) <= 25
    heads = [
        "Question",
        "Answer",
        "How sure",
        "What it costs",
        "What goes wrong",
        "What would change it",
        "Not measured",
    ]
    assert re.findall(r"^\*\*(.+)\.\*\*", text, re.MULTILINE) == heads


def test_a_memo_speaks_of_the_recommended_arm_in_plain_words() -> None:
    found = points(page_sample.report())
    assert found["Answer"].startswith("Use hybrid")
    assert "hybrid 80% (70% to 90%). That rests on 4 unrelated groups" in found["How sure"]
    assert found["What it costs"].startswith("hybrid: $0.300 for 1,000 answers, 3.00 s for one, 60.0 s of training")
    assert found["What goes wrong"] == "hybrid: 1 of 4, most often answers that were found and not used (1)."
    jargon = ("arm", "token", "LoRA", "RAFT", "p-value", "stratum", "epoch", "interval")
    assert not [word for word in jargon if word in " ".join(list(found.values())[2:])]


def test_without_a_winner_a_memo_speaks_of_those_in_question() -> None:
    report = page_sample.report()
    report["recommendation"] |= {
        "arm": None, "verdict": "No clear winner.", "verdict_cells": ["rag.facts.all", "hybrid.facts.all", "hybrid − rag"]
    }  # fmt: skip
    assert "rag 50% (40% to 60%); hybrid 80% (70% to 90%)" in points(report)["How sure"]
    report["recommendation"]["verdict_cells"] = []
    assert "base 10% (0% to 20%); rag" in points(report)["How sure"]


def test_a_memo_names_what_was_not_looked_at() -> None:
    report = page_sample.report()
    report["probes"]["freshness"] = None
    for arm in report["arms"].values():
        arm |= {"seconds": {}} if "scores" in arm else {}
    told = points(report)["Not measured"]
    for gap in ("documents change", "how long one answer takes", "one training run each", "tuned (quote cannot"):
        assert gap in told
    assert "documents change" not in points(page_sample.report())["Not measured"]


def test_a_memo_of_practice_questions_says_that_it_is_no_result() -> None:
    report = page_sample.report()
    report["examples"]["side"] = "dev"
    assert "no result yet" in points(report)["Answer"]


def test_a_sentence_leads_to_its_cells_in_the_order_in_which_it_names_the_arms() -> None:
    report = page_sample.report()
    known = anchors(report, columns(report))
    found = linked("rag beats base, not rag-wide", ["base.facts.all", "rag.facts.all", "none.facts.all"], known)
    assert found == [
        ("rag", "cell-1-primary-all"), (" beats ", ""), ("base", "cell-0-primary-all"), (", not rag-wide", ""),
    ]  # fmt: skip


def test_a_cell_without_words_follows_the_sentence_unless_left_out() -> None:
    report = page_sample.report()
    known = anchors(report, columns(report))
    cells = ["hybrid − rag", "hybrid.voice.all"]
    assert linked("Form.", cells, known)[1::2] == [(" ", ""), (" ", "")]
    assert linked("Form.", cells, known)[2::2] == [
        ("[hybrid − rag]", "pair-2"),
        ("[hybrid.voice.all]", "cell-2-metric-0"),
    ]
    assert linked("Form.", cells, known, rest=False) == [("Form.", "")]
    assert linked("hybrid − rag: open.", ["hybrid − rag"], known)[0] == ("hybrid − rag", "pair-2")


@pytest.mark.parametrize("arm", ["gpt-4.1", "a − b", "x.facts.all"])
def test_a_name_with_dots_and_dashes_is_linked_like_any_other(arm: str) -> None:
    report = page_sample.report()
    report["arms"][arm] = report["arms"].pop("rag")
    known = anchors(report, columns(report))
    assert linked(f"Use {arm}.", [f"{arm}.facts.all"], known)[1] == (arm, "cell-3-primary-all")


def test_a_memo_is_printed_from_the_records_the_same_each_time(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    project = open_project(tmp_path / "shops", shops=("anvil", "drill", "easel", "file"), model="quote")
    assert run(["compare", "-C", str(project.root)]) == 0
    capsys.readouterr()
    assert run(["report", "-C", str(project.root), "--memo"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("# Shops: look it up, learn it, or both?")
    assert run(["report", "-C", str(project.root), "--memo"]) == 0
    assert capsys.readouterr().out == first
    assert not re.search(r"\d{4}-\d\d-\d\d|looked", first)


def test_documents_are_read_again_only_as_they_were_indexed(tmp_path: Any) -> None:
    project: Project = open_project(tmp_path / "shops", shops=("anvil", "drill"))
    assert dict(project.knowledge.documents()) == {}
    project.knowledge.ingest()
    (project.root / "pages" / "drill.md").write_text("# Other\n\nWords.", encoding="utf-8")
    found = dict(project.knowledge.documents())
    assert found["drill.md"] is None
    assert found["anvil.md"] is not None
    assert dict(project.knowledge.documents({"drill.md"})) == {"drill.md": None}
