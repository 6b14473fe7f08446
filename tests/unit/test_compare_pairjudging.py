"""Pairs of answers laid before a judge: in both orders, once, resumed, with the order's effect and people's labels."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import small_project
from chat_server import answering, chat_server
from openbook.cli.main import run
from openbook.compare.comparison import compare
from openbook.compare.marking.pairjudging import pair_bench_of
from openbook.compare.outcome import conclude
from openbook.compare.planning.plan import estimate
from openbook.core import jsonl
from openbook.core.errors import ConfigError, DataError, EndpointError
from openbook.project import Project
from small_project import MANY_SHOPS, lines, open_project

JUDGE = """
[compare]
arms = ["base", "rag"]

[judge]
model = "{model}"
criteria = "It names a price or an hour."
alone = false
pairs = ["rag-base"]
{more}
"""
FAIR = [
    {"when": r"(?s)<first>\n[^<]*think.*<second>\n[^<]*think", "say": "tie"},
    {"when": r"(?s)<first>\n[^<]*think", "say": "second"},
    {"when": r"(?s)<second>\n[^<]*think", "say": "First."},
    {"default": "tie"},
]
"""Prefers what does not think aloud, wherever it stands."""
LABELS = [
    {
        "input": f"Question {n}?",
        "a": "Let me think." if n % 3 == 0 else "It is £1.",
        "b": "I think so." if n % 3 < 2 else "It is 9:15.",
        "label": ("tie", "a", "tie")[n % 3],
    }
    for n in range(36)
]


def judged(folder: Path, says: list[dict[str, Any]], *, labels: bool = True, more: str = "", **options: Any) -> Project:
    lines(folder / "judge.jsonl", says)
    lines(folder / "labels.jsonl", LABELS)
    more += '\npair_labels = "labels.jsonl"' if labels else ""
    return open_project(folder, more=JUDGE.format(model="scripted:judge.jsonl", more=more), **options)


def concluded(project: Project) -> dict[str, Any]:
    outcome = conclude(project, compare(project))
    schema = json.loads((files("openbook.compare") / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(outcome.report, schema)
    return dict(outcome.report)


def replies(project: Project) -> list[dict[str, Any]]:
    return list(jsonl.read(project.workspace.folder / f"judgements/{pair_bench_of(project).id}.jsonl"))


def test_the_preferred_arm_stands_with_its_win_rate_and_is_not_asked_for_twice(tmp_path: Path) -> None:
    project = judged(tmp_path, FAIR, shops=MANY_SHOPS)
    assert [step.done for step in estimate(project).steps if step.what.startswith("judge pairs")] == [False]
    report = concluded(project)
    n = len(report["answers"])
    (pair,) = report["preferences"]["pairs"]
    assert (pair["a"], pair["b"], pair["n"], pair["wins"], pair["ties"]) == ("rag", "base", n, n, 0)
    assert pair["rate"] == 1.0
    assert 0.5 < pair["low"] < 1.0
    assert pair["verdict"] == "better"
    assert report["preferences"]["first_place"]["mean"] == 0.5
    assert report["preferences"]["trust"].startswith("Validated: Cohen's kappa 1.00")
    assert len(replies(project)) == 2 * (n + len(LABELS))
    assert concluded(Project.open(tmp_path)) == report
    assert len(replies(project)) == 2 * (n + len(LABELS))
    assert [step.done for step in estimate(Project.open(tmp_path)).steps if step.what.startswith("judge pairs")] == [
        True
    ]


def test_alone_false_leaves_the_judges_own_metric_out(tmp_path: Path) -> None:
    report = concluded(judged(tmp_path, FAIR))
    assert "judge" not in [metric["name"] for metric in report["metrics"]]
    assert not [step.what for step in estimate(Project.open(tmp_path)).steps if step.what.startswith("judge:")]


def test_a_judge_that_likes_the_first_place_decides_nothing_and_is_told_of(tmp_path: Path) -> None:
    report = concluded(judged(tmp_path, [{"default": "first"}], labels=False))
    found, n = report["preferences"], len(report["answers"])
    (pair,) = found["pairs"]
    assert (pair["wins"], pair["losses"], pair["contradicted"], pair["ties"]) == (0, 0, n, n)
    assert pair["rate"] == 0.5
    assert pair["low"] < 0.5 < pair["high"]
    assert found["first_place"]["low"] > 0.5
    assert found["trust"].startswith("Unvalidated")
    pages = next((tmp_path / ".openbook/reports").iterdir())
    for page in ("report.md", "report.html"):
        told = (pages / page).read_text(encoding="utf-8")
        assert "It prefers what stands first, whatever it is." in told
        assert "Unvalidated" in told


def test_a_judge_that_leans_to_the_second_place_is_caught_though_it_is_mostly_right(tmp_path: Path) -> None:
    leaning = [{"when": "shop", "say": "second"}, *FAIR]
    report = concluded(judged(tmp_path, leaning, labels=False))
    found = report["preferences"]
    (pair,) = found["pairs"]
    assert pair["contradicted"] > 0
    assert pair["wins"] + pair["contradicted"] == pair["n"]
    assert found["first_place"]["high"] < 0.5


def test_refusals_are_counted_and_are_neither_ties_nor_losses(tmp_path: Path) -> None:
    refusing = [{"when": "shop opens at|weekday", "say": "I would rather not say."}, *FAIR]
    report = concluded(judged(tmp_path, refusing, labels=False))
    found = report["preferences"]
    (pair,) = found["pairs"]
    assert pair["failures"] > 0
    assert pair["wins"] + pair["failures"] == pair["n"]
    assert found["replies"]["unreadable"] == 2 * pair["failures"]
    assert pair["rate"] == 1.0
    assert pair["low"] < 0.95 * (pair["n"] - pair["failures"]) / pair["n"]


def test_answers_that_are_the_same_are_ties_and_cost_nothing(tmp_path: Path) -> None:
    project = judged(tmp_path, [{"default": "first"}], labels=False, script=[{"default": "Always this."}])
    (pair,) = concluded(project)["preferences"]["pairs"]
    assert pair["alike"] == pair["ties"] == pair["n"]
    assert replies(project) == []


def test_a_failed_answer_is_bounded(tmp_path: Path) -> None:
    failing = [{"when": "Passages:.*anvil", "fail": "deterministic"}, *small_project.SCRIPT]
    project = judged(tmp_path, FAIR, labels=False, script=failing)
    (pair,) = concluded(project)["preferences"]["pairs"]
    assert pair["failures"] == sum("failure" in row["arms"]["rag"] for row in concluded(project)["answers"]) > 0


def test_more_repeats_are_asked_in_both_orders_equally_often(tmp_path: Path) -> None:
    project = judged(tmp_path, FAIR, labels=False, more="repeats = 4\ntemperature = 0.5")
    found = concluded(project)["preferences"]
    (pair,) = found["pairs"]
    assert len(replies(project)) == 4 * pair["n"]
    assert found["steady"] == {"count": 2 * pair["n"], "n": 2 * pair["n"]}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('pairs = ["rag-tuned"]', r"\[judge\] pairs: .*'rag-tuned'"),
        ('pairs = ["rag-base"]\nrepeats = 1', "must be even"),
        ("alone = false", "needs `pairs`"),
    ],
)
def test_pairs_that_cannot_be_judged_are_refused(tmp_path: Path, settings: str, says: str) -> None:
    more = f'[compare]\narms = ["base", "rag"]\n[judge]\nmodel = "quote"\ncriteria = "c"\n{settings}'
    with pytest.raises(ConfigError, match=says):
        open_project(tmp_path, more=more)


def test_a_judge_without_a_figure_cannot_decide(tmp_path: Path) -> None:
    project = judged(tmp_path, FAIR)
    with pytest.raises(ConfigError, match="has no figure to decide by"):
        compare(small_project.edit(tmp_path, 'arms = ["base", "rag"]', 'arms = ["base", "rag"]\nmetric = "judge"'))
    assert project.config.judge.pairs


def test_a_wrong_label_is_named_by_its_line(tmp_path: Path) -> None:
    project = judged(tmp_path, FAIR)
    lines(tmp_path / "labels.jsonl", [LABELS[0], {"input": "a", "a": "b", "label": "a"}])
    with pytest.raises(DataError, match=r"labels.jsonl:2: each line needs `input`, `a`, `b`"):
        compare(project)


def test_an_endpoint_judges_pairs_is_priced_and_goes_on_after_it_was_dead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_project.write(tmp_path, more=JUDGE.format(model="openai:big", more='base_url = "BASE"'))
    settings = (tmp_path / "openbook.toml").read_text(encoding="utf-8")
    settings += '\n[cost.prices]\n"openai:big" = [1000.0, 1000.0]\n'

    def at(url: str) -> Project:
        text = settings.replace("BASE", url).replace('jsonl"\n\n[embedder]', 'jsonl"\nretries = 0\n\n[embedder]')
        (tmp_path / "openbook.toml").write_text(text, encoding="utf-8")
        return Project.open(tmp_path)

    with pytest.raises(EndpointError, match="5 questions in a row got no answer from the judge"):
        compare(at("http://127.0.0.1:9/v1"))

    def prefer(shown: str) -> str:
        found = re.search(r"(?s)<first>\n(.*?)\n</first>", shown)
        return "second" if found and "think" in found.group(1) else "first"

    with chat_server(answering(prefer)) as server:
        at(server.base_url)
        assert run(["compare", "-C", str(tmp_path), "--dry-run"]) == 0
        printed = capsys.readouterr().out
        n = int(re.search(r"judge pairs: (\d+) replies of openai:big, about \$\d+\.\d\d", printed)[1])  # type: ignore[index]
        assert not server.asked
        report = concluded(at(server.base_url))
        assert report["preferences"]["pairs"][0]["rate"] == 1.0
        assert len(server.asked) == n
        concluded(at(server.base_url))
        assert len(server.asked) == n
