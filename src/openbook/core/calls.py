"""A project's own Python function by its name: `module:function`, or `file.py:function` beside `openbook.toml`.

Knows nothing of what the function is for. A file can be told apart by its content without being run.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from openbook.core.errors import ConfigError
from openbook.core.ids import digest, file_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function that a user named.

    Attributes:
        spelled: As the user wrote it.
        module: `package.module`, or a file ending in `.py`.
        root: The project's folder; a module that lies in it is loaded from there, another one from what is installed.
        what: Whose function it is: the beginning of every sentence about it.
        key: The setting that names it.
    """

    spelled: str
    module: str
    function: str
    root: Path
    what: str
    key: str

    @property
    def file(self) -> Path | None:
        """The project's file that holds the module; None where it is an installed one."""
        if self.module.endswith(".py"):
            return self.root / self.module
        own = self.root.joinpath(*self.module.split(".")).with_suffix(".py")
        return own if own.is_file() else None


def parse_call(spelled: str, *, root: Path, what: str, key: str = "call") -> Call:
    """Take a name apart.

    Raises:
        ConfigError: It does not name a module and a function.
    """
    module, colon, function = spelled.rpartition(":")
    if not (module and colon and function):
        raise ConfigError(f"{what}: `{key}` must read 'module:function', not {spelled!r}.")
    return Call(spelled=spelled, module=module, function=function, root=root, what=what, key=key)


def load_call(call: Call) -> tuple[Callable[..., Any], ModuleType]:
    """The function and its module; modules beside it can be imported while it loads.

    Raises:
        ConfigError: No such module or function, or the module fails when it is loaded.
    """
    module = _load(call)
    function = getattr(module, call.function, None)
    if not callable(function):
        raise ConfigError(f"{call.what}: {call.module!r} has no function {call.function!r}. Correct its `{call.key}`.")
    return function, module


def source_of(call: Call) -> str:
    """Hash of the module's file, which is not run for it; of a module without a file its name.

    Raises:
        ConfigError: No such module.
    """
    file = call.file
    if file is None:
        with importable(call.root):
            file = _installed(call)
    elif not file.is_file():
        raise _missing(call, call.module)
    return digest(call.module) if file is None else file_sha256(file)


@contextmanager
def importable(root: Path) -> Iterator[None]:
    """Let modules that lie in a folder be imported meanwhile."""
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


def _load(call: Call) -> ModuleType:
    own = call.file
    try:
        with importable(call.root):
            if own is None:
                return importlib.import_module(call.module)
            if not own.is_file():
                raise _missing(call, call.module)
            return _load_file(own)
    except ModuleNotFoundError as error:
        raise _missing(call, error.name) from error
    except ConfigError:
        raise
    except (Exception, SystemExit) as error:  # whatever a stranger's module does when it is loaded
        raise ConfigError(f"{call.what}: the module {call.module!r} does not load: {error!r}.") from error


def _load_file(file: Path) -> ModuleType:
    """Load a file under a name that no other project's module of the same name can take."""
    name = f"openbook_call_{digest(str(file.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look their module up there
    spec.loader.exec_module(module)
    return module


def _installed(call: Call) -> Path | None:
    try:
        spec = importlib.util.find_spec(call.module)
    except ModuleNotFoundError as error:
        raise _missing(call, error.name) from error
    if spec is None:
        raise _missing(call, call.module)
    return Path(spec.origin) if spec.has_location and spec.origin else None


def _missing(call: Call, name: str | None) -> ConfigError:
    return ConfigError(
        f"{call.what}: no module {name!r}, neither in {str(call.root)!r} nor installed. Correct its `{call.key}`."
    )
