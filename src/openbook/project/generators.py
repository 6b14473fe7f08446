"""From a model's name and settings to a generator. Loads no weights: generators do that at their first request."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openbook.core.errors import UsageError
from openbook.core.protocols import Generator
from openbook.generate import GENERATORS, split_name
from openbook.models import LocalModel
from openbook.project.plans import ArmPlan


def open_generator(chosen: ArmPlan, base: LocalModel | None, adapter: Path | None, *, root: Path) -> Generator:
    """The generator of an arm.

    Args:
        base: The model on disk, for local models.
        adapter: Folder of a trained adapter to put on it.
        root: Folder that files in a model's name are relative to.

    Raises:
        UsageError: No such kind of model, or one of another package that cannot be made from what there is.
    """
    scheme, rest = split_name(chosen.model.name)
    kind = GENERATORS.load(scheme if base is None else "local")
    if base is not None:
        arguments = _local(chosen, base, adapter)
    else:
        built_in = _built_in(scheme, rest, chosen, adapter, root=root)
        arguments = _fitting(kind, rest, chosen, root=root) if built_in is None else built_in
    made: Generator = kind(**arguments)
    return made


def _local(chosen: ArmPlan, base: LocalModel, adapter: Path | None) -> dict[str, Any]:
    model = chosen.model
    return {
        "model": base,
        "adapter": adapter,
        "dtype": model.dtype,
        "device": model.device,
        "batch": model.batch,
    }


def _built_in(scheme: str, rest: str, chosen: ArmPlan, adapter: Path | None, *, root: Path) -> dict[str, Any] | None:
    """What a built-in generator without weights is made with; None for another package's."""
    model = chosen.model
    match scheme:
        case "openai":
            return {"model": rest, **_endpoint(chosen)}
        case "quote":
            return {"abstain": chosen.prompt.abstain}
        case "scripted":
            return {"script": root / rest, "adapter": adapter}
        case "command":
            return {"command": rest, "root": root, "timeout": model.timeout}
        case "call":
            return {"call": rest, "root": root}
        case "recorded":
            return {"file": root / rest}
    return None


def _endpoint(chosen: ArmPlan) -> dict[str, Any]:
    model = chosen.model
    return {
        "base_url": model.base_url,
        "api_key_env": model.api_key_env,
        "timeout": model.timeout,
        "retries": model.retries,
        "concurrency": model.concurrency,
    }


def _fitting(kind: Callable[..., Any], rest: str, chosen: ArmPlan, *, root: Path) -> dict[str, Any]:
    """What another package's generator is made with: those of our keywords that it takes.

    Raises:
        UsageError: It needs one that we have not.
    """
    model = chosen.model
    offered = {
        "name": rest,
        "root": root,
        "abstain": chosen.prompt.abstain,
        "batch": model.batch,
        "device": model.device,
        **_endpoint(chosen),
    }
    wanted = inspect.signature(kind).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in wanted):
        return offered
    named = [one for one in wanted if one.kind is not one.VAR_POSITIONAL]
    missing = [one.name for one in named if one.default is one.empty and one.name not in offered]
    if missing:
        raise UsageError(
            f"The model {model.name!r} cannot be opened: its back end asks for {', '.join(missing)}, and is offered"
            f" {', '.join(offered)}."
        )
    return {one.name: offered[one.name] for one in named if one.name in offered}
