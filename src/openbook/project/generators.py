"""From a model's name and settings to a generator. Loads no weights: generators do that at their first request."""

import os
from pathlib import Path

from openbook.core.errors import UsageError
from openbook.core.protocols import Generator
from openbook.generate import GENERATORS, split_name
from openbook.models import LocalModel, resolve_device, resolve_dtype
from openbook.project.plans import ArmPlan


def open_generator(chosen: ArmPlan, base: LocalModel | None, adapter: Path | None, *, root: Path) -> Generator:
    """The generator of an arm.

    Args:
        base: The model on disk, for local models.
        adapter: Folder of a trained adapter to put on it.
        root: Folder that a `scripted:` file is relative to.
    """
    scheme, rest = split_name(chosen.model.name)
    made = GENERATORS.load(scheme)
    generator: Generator
    if base is not None:
        generator = _local(made, chosen, base, adapter)
    elif scheme == "openai":
        generator = _endpoint(made, chosen, rest)
    elif scheme == "quote":
        generator = made(abstain=chosen.prompt.abstain)
    elif scheme == "scripted":
        generator = made(root / rest, adapter=adapter)
    else:
        raise UsageError(f"The model {chosen.model.name!r} is neither local nor an endpoint.")
    return generator
