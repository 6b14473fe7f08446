"""`openbook compare`: the main job, shown as it happens. Parses, calls, renders."""

import sys
from pathlib import Path
from typing import Any

import click

from openbook.cli.gate import GateOptions, gate_options, pass_or_fail, write_junit
from openbook.cli.verb import json_option, print_json, project_options, verb

EXAMPLE = """openbook compare
openbook compare --taste
openbook compare --dry-run
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
@gate_options
def compare(
    root: Path,
    file: str,
    as_json: bool,
    tasting: bool,
    dry_run: bool,
    dev: bool,
    retry_failures: bool,
    gate: GateOptions,
) -> int:
    """Ingest, tune, ask every arm the same questions, and say which to use. Does only what is missing."""
    from openbook.compare.gates.measures import checked
    from openbook.project import Project

    project = Project.open(root, file=file)
    requirements = checked(project, gate.texts(project))
    if tasting:
        return _taste(project, as_json)
    if dry_run:
        return _plan(project, as_json)
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
        click.echo("Transient failures are asked again at the next call, all of them with --retry-failures.", err=True)
    if outcome.failed:
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
    from openbook.compare.metrics import metrics_of
    from openbook.compare.paper import set_paper
    from openbook.compare.seats import taking_part

    exam = project.exam
    paper = set_paper(exam.division, exam.groups.keys, limit=project.config.compare.questions, dev=dev)
    metrics = metrics_of(project)
    shown = [metrics[0], *(m for m in metrics[1:] if m.binary and m.signature.startswith(("pattern|", "schema|")))]
    return LiveTable([plan.name for plan in taking_part(project)], shown, len(paper.questions))


def _taste(project: Any, as_json: bool) -> int:
    from openbook.cli.show import show_taste
    from openbook.compare.plan import estimate
    from openbook.compare.taste import taste

    found, planned = taste(project), estimate(project)
    if as_json:
        from dataclasses import asdict

        print_json({"schema": 1, "taste": asdict(found), "plan": asdict(planned)})
    else:
        show_taste(found, planned)
    return 0


def _plan(project: Any, as_json: bool) -> int:
    from openbook.cli.show import show_plan
    from openbook.compare.plan import estimate

    planned = estimate(project)
    if as_json:
        from dataclasses import asdict

        print_json({"schema": 1, "plan": asdict(planned)})
    else:
        show_plan(planned)
    return 0
