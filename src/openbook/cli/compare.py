"""`openbook compare`: the main job, shown as it happens. Parses, calls, renders."""

import sys
from pathlib import Path
from typing import Any

import click

from openbook.cli.budget import budget_option, budget_part, cut_lines, show_ledger
from openbook.cli.gate import GateOptions, gate_options, pass_or_fail, write_junit
from openbook.cli.verb import json_option, print_json, project_options, verb

EXAMPLE = """openbook compare
openbook compare --taste
openbook compare --dry-run
openbook compare --budget 10m
openbook compare --json > result.json
openbook compare --dev -C shop
openbook compare --require 'rag.facts >= base.facts' --junit gate.xml"""


@verb("compare", example=EXAMPLE)
@project_options
@json_option
@click.option("--taste", "tasting", is_flag=True, help="What can be said in seconds, without a model.")
@click.option("--dry-run", is_flag=True, help="Say what a run would do and cost, and stop.")
@click.option("--dev", is_flag=True, help="Ask the dev questions: for iterating without a look at the test.")
@click.option("--retry-failures", is_flag=True, help="Ask again where an answer failed, for whatever reason.")
@budget_option()
@gate_options
def compare(
    root: Path,
    file: str,
    as_json: bool,
    tasting: bool,
    dry_run: bool,
    dev: bool,
    retry_failures: bool,
    budget: str,
    gate: GateOptions,
) -> int:
    """Ingest, tune, ask every arm the same questions, and say which to use. Does only what is missing."""
    from openbook.compare.gates.measures import checked
    from openbook.compare.planning.budget import fit
    from openbook.project import Project

    project = Project.open(root, file=file, budget=budget)
    requirements = checked(project, gate.texts(project))
    project = fit(project, keep=not (tasting or dry_run))
    if tasting:
        return _taste(project, as_json)
    if dry_run:
        return _plan(project, as_json)
    show_ledger(project)
    return _compare(project, as_json, dev=dev, retry_failures=retry_failures, gate=gate, requirements=requirements)


def _compare(
    project: Any, as_json: bool, *, dev: bool, retry_failures: bool, gate: GateOptions, requirements: Any
) -> int:
    from openbook.cli.show import show_report
    from openbook.compare.comparison import compare as run
    from openbook.compare.gates.gate import exhibits, judge
    from openbook.compare.outcome import conclude, hold, public

    with _watching(project, dev) as watcher:
        material = run(project, dev=dev, retry_failures=retry_failures, watcher=watcher)
        with project.workspace.writing():
            outcome = conclude(project, material, looked=not dev)
            gates = judge(exhibits(project, material, outcome.report), requirements)
            outcome = hold(project, outcome, gates)
    write_junit(gates, gate, project=project.name)
    if as_json:
        print_json(public(outcome))
    else:
        show_report(outcome.report)
    for name, share in outcome.failed.items():
        messages = outcome.report["arms"][name]["failures"]["messages"]
        click.echo(f"{share:.0%} of the answers of {name} failed, for example: {messages[0]}", err=True)
    if outcome.failed:
        click.echo("Transient failures are asked again at the next call, all of them with --retry-failures.", err=True)
        return 1
    pass_or_fail(gates, gate)
    return 0


def _watching(project: Any, dev: bool) -> Any:
    """A live table on a terminal; nothing where standard error is not one."""
    if not sys.stderr.isatty():
        from contextlib import nullcontext

        from openbook.compare.watch import Unwatched

        return nullcontext(Unwatched())
    from openbook.cli.live import LiveTable
    from openbook.compare.marking.metrics import metrics_of
    from openbook.compare.paper import set_paper
    from openbook.compare.seats import taking_part

    exam = project.exam
    paper = set_paper(exam.division, exam.groups.keys, limit=project.config.compare.questions, dev=dev)
    metrics = metrics_of(project)
    shown = [metrics[0], *(m for m in metrics[1:] if m.binary and m.signature.startswith(("pattern|", "schema|")))]
    names = [plan.name for plan in taking_part(project)]
    outlook = (
        _outlook(project, names, paper, metrics[0]) if len(project.config.compare.seeds) == 1 and not dev else None
    )
    return LiveTable(names, shown, len(paper.questions), outlook=outlook)


def _outlook(project: Any, names: list[str], paper: Any, metric: Any) -> Any:
    from itertools import combinations

    from openbook.compare.verdict.futility import Outlook
    from openbook.core.contrasts import read_contrasts

    declared = read_contrasts(project.config.compare.contrasts, project.config.compare.arms)
    return Outlook(
        [pair for pair in declared if set(pair) <= set(names)] or list(combinations(names, 2)),
        {question.id: paper.group[question.id] for question in paper.questions},
        margin=project.config.compare.margin,
        alpha=1 - project.config.compare.level,
        higher_is_better=metric.higher_is_better,
    )


def _taste(project: Any, as_json: bool) -> int:
    from openbook.cli.show import show_taste
    from openbook.compare.planning.plan import estimate
    from openbook.compare.taste import taste

    found, planned = taste(project), estimate(project)
    if as_json:
        from dataclasses import asdict

        print_json({"schema": 1, "taste": asdict(found), "plan": asdict(planned), **budget_part(project)})
    else:
        show_taste(found, planned)
        click.echo("".join(f"{line}\n" for line in cut_lines(project)), nl=False)
    return 0


def _plan(project: Any, as_json: bool) -> int:
    from openbook.cli.show import show_plan
    from openbook.compare.planning.plan import estimate

    planned = estimate(project)
    if as_json:
        from dataclasses import asdict

        print_json({"schema": 1, "plan": asdict(planned), **budget_part(project)})
    else:
        show_plan(planned)
        click.echo("".join(f"{line}\n" for line in cut_lines(project)), nl=False)
    return 0
