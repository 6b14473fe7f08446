"""Globs to files with stable names. Knows nothing of what the files hold."""

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openbook.core.errors import ConfigError
from openbook.core.types import Scalar
from openbook.ingest import READERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Files that belong together.

    Attributes:
        glob: Pattern relative to the project's folder (or absolute); `**` crosses folders. A folder stands for every
            readable file below it.
        metadata: Set on each of its documents.
    """

    glob: str
    metadata: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be read: its document's name, its place, and the metadata that its document gets."""

    name: str
    path: Path
    metadata: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a source matches, and the folder below which its files are named."""

    base: Path
    paths: Sequence[Path]
    metadata: Mapping[str, Scalar]

    def named(self, below: Path) -> list[File]:
        return [File(name=_below(path, below), path=path, metadata=self.metadata) for path in self.paths]


def expand(sources: Iterable[Source], *, root: Path) -> list[File]:
    """The files of all sources, sorted by name.

    A file's name is its path below its glob's fixed folders, with forward slashes: `policies/**/*.md` finds
    `policies/uk/returns.md` and names it `uk/returns.md`. Sources that would give two files one name (`policies/uk/*.md`
    and `policies/ireland/*.md`) are named below the folder that they have in common: `uk/returns.md` again.

    Raises:
        ConfigError: A glob that matches no file, two files with one name, or one file from two sources.
    """
    found = [_matches(source, root) for source in sources]
    apart = _namesakes(found)
    shared = Path(os.path.commonpath([os.path.abspath(found[place].base) for place in apart])) if apart else root
    by_name: dict[str, File] = {}
    by_path: dict[Path, File] = {}
    for place, one in enumerate(found):
        for file in one.named(shared if place in apart else one.base):
            where = file.path.resolve()
            if by_path.get(where, file) != file:
                raise ConfigError(_two_sources(file, by_path[where]))
            if by_name.get(file.name, file) != file:
                raise ConfigError(_two_files(file, by_name[file.name]))
            by_name[file.name] = by_path[where] = file
    return sorted(by_name.values(), key=lambda file: file.name)


def _matches(source: Source, root: Path) -> _Found:
    pattern = os.path.expanduser(source.glob)
    base = root / _fixed_folder(pattern)
    if (root / pattern).is_dir():
        base, pattern, suffixes = root / pattern, os.path.join(pattern, "**", "*"), READERS.names()
    else:
        suffixes = None
    places = (root / found for found in glob.iglob(pattern, root_dir=root, recursive=True))
    files = [path for path in places if path.is_file() and _readable(path, suffixes)]
    if not files:
        raise ConfigError(_nothing(source.glob, base))
    return _Found(base=base, paths=files, metadata=source.metadata)


def _namesakes(found: Sequence[_Found]) -> set[int]:
    """Places of the sources that have a file each of one name; a file that two of them match is none of these."""
    owner: dict[str, tuple[int, Path]] = {}
    apart: set[int] = set()
    for place, one in enumerate(found):
        for path in one.paths:
            other, there = owner.setdefault(_below(path, one.base), (place, path))
            if there != path and there.resolve() != path.resolve():
                apart |= {place, other}
    return apart


def _below(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path, base)).as_posix()


def _fixed_folder(pattern: str) -> Path:
    """The leading folders without wildcards; of a plain file name, its folder."""
    parts = Path(pattern).parts
    fixed = [part for part, _ in zip(parts, _wild_yet(parts), strict=False)]
    return Path(*(fixed if len(fixed) < len(parts) else fixed[:-1]))


def _wild_yet(parts: Sequence[str]) -> Iterable[None]:
    for part in parts:
        if glob.has_magic(part):
            return
        yield None


def _readable(path: Path, suffixes: Sequence[str] | None) -> bool:
    return suffixes is None or path.suffix.lower().removeprefix(".") in suffixes


def _nothing(pattern: str, base: Path) -> str:
    why = f"no file in {str(base)!r} fits" if base.is_dir() else f"there is no folder {str(base)!r}"
    return f"The documents' glob {pattern!r} matches nothing: {why}. Correct [documents] in openbook.toml."


def _two_files(one: File, other: File) -> str:
    return (
        f"Two documents would both be named {one.name!r}: {str(other.path)!r} and {str(one.path)!r}. Names are paths"
        " below a glob's fixed folders: write one glob over both folders, for example with `**`, or rename one."
    )


def _two_sources(one: File, other: File) -> str:
    differs = "other metadata" if one.name == other.name else f"the names {other.name!r} and {one.name!r}"
    return f"{str(one.path)!r} belongs to two sources, with {differs}. Let one glob in [documents] match each file."
