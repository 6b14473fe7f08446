"""From a model's name and settings to a generator. Loads no weights: generators do that at their first request."""

from pathlib import Path

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
        root: Folder that a `scripted:` file is relative to.

    Raises:
        UsageError: No such kind of model.
    """
    scheme, rest = split_name(chosen.model.name)
    model = chosen.model
    arguments: dict[str, object]
    if base is not None:
        arguments = {
            "model": base,
            "adapter": adapter,
            "dtype": model.dtype,
            "device": model.device,
            "batch": model.batch,
        }
    elif scheme == "openai":
        arguments = {
            "model": rest,
            "base_url": model.base_url,
            "api_key_env": model.api_key_env,
            "timeout": model.timeout,
            "retries": model.retries,
            "concurrency": model.concurrency,
        }
    elif scheme == "quote":
        arguments = {"abstain": chosen.prompt.abstain}
    elif scheme == "scripted":
        arguments = {"script": root / rest, "adapter": adapter}
    else:
        raise UsageError(f"The model {model.name!r} is neither on this machine nor an endpoint.")
    made: Generator = GENERATORS.load(scheme if base is None else "local")(**arguments)
    return made
