"""Which handlers a folder holds, and what tells that one of their files has changed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nexus.compiler.bundles import list_files
from nexus.errors import InvalidHandler
from nexus.plugin_api.file_state import FileState, file_state

SUFFIXES = (".wasm", ".wat", ".js", ".ts")
"""`.ts` only to be refused with a reason"""
SCRIPT_SUFFIX = ".js"
INDEX = "index.js"
"""the module of a handler that is a folder"""

_OTHERS = frozenset({"nexus.toml", "pyproject.toml", "Cargo.toml"})
"""files that are no manifests, where a project is its own handlers folder"""


@dataclass(frozen=True)
class Source:
    """One handler's module file, and the state of all its files when they were listed."""

    path: Path
    state: tuple[FileState, ...]

    @property
    def name(self) -> str:
        """The handler's."""
        return named_file(self.path).stem

    @property
    def file(self) -> str:
        """The module's path below the handlers folder."""
        folder = named_file(self.path).parent
        return self.path.relative_to(folder).as_posix()


def named_file(path: Path) -> Path:
    """What carries the handler's name: the module at *path*, or the folder it is the index of."""
    return path.parent if path.name == INDEX else path


def manifest_path(path: Path) -> Path:
    """Where the manifest of the handler at *path* is."""
    return named_file(path).with_suffix(".toml")


def find_sources(folder: Path) -> tuple[Source, ...]:
    """List the handlers in *folder*, by file name.

    Raises: InvalidHandler where the folder cannot be read.
    """
    try:
        paths = sorted(filter(None, map(_module, folder.iterdir())))
    except OSError as error:
        raise InvalidHandler(
            f"cannot read the handlers folder {folder}: {error.strerror}"
        ) from error
    return tuple(source_at(path) for path in paths)


def find_orphans(folder: Path, sources: Iterable[Source]) -> dict[str, str]:
    """What is missing beside each manifest in *folder* that belongs to none of *sources*, by the
    manifest's name. In a folder that cannot be read there is none."""
    taken = {source.name for source in sources}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return {}
    return {
        path.name: f"a manifest without its handler: there is no {path.stem}.wasm, "
        f"{path.stem}.wat, {path.stem}.js or {path.stem}/{INDEX}"
        for path in paths
        if path.stem not in taken
        and path.name not in _OTHERS
        and not path.name.startswith(".")
        and path.is_file()
    }


def source_at(path: Path) -> Source:
    """The handler whose module is at *path*."""
    files = [path]
    if path.suffix == SCRIPT_SUFFIX:
        with suppress(InvalidHandler):  # it is said when the handler is loaded
            files = list_files(path)
    return Source(path, tuple(map(file_state, (*files, manifest_path(path)))))


def _module(path: Path) -> Path | None:
    """The module file of the handler at *path*, if there is one; editors and file managers leave
    dot files of their own (`.#hello.js`, `._hello.wasm`)."""
    if path.name.startswith("."):
        return None
    if path.suffix in SUFFIXES and path.is_file():
        return path
    index = path / INDEX
    return index if index.is_file() else None
