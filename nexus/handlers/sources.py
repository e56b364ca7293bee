"""Lists the handlers in a folder, and the state of their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from nexus.errors import InvalidHandler
from nexus.guest import Abis
from nexus.handlers.files import declared_files
from nexus.model.file_state import FileState, file_state

_OTHERS = frozenset({"nexus.toml", "pyproject.toml", "Cargo.toml"})
"""Files that are not manifests, in a project that is its own handlers folder"""


@dataclass(frozen=True)
class Source:
    """One handler's file, and the state of all its files when they were listed."""

    path: Path
    is_index: bool
    """whether *path* is the file that makes its folder a handler"""
    state: tuple[FileState, ...]
    label: str = ""
    """what it has in the place of a path below the handlers folder, if it was deployed"""
    is_static: bool = False
    """whether *path* is a folder of files, which are the handler's answers"""
    version: str = ""
    """id of the deployed version; empty for a file of the handlers folder"""

    @property
    def _named(self) -> Path:
        return self.path.parent if self.is_index else self.path

    @property
    def name(self) -> str:
        """The handler's name."""
        whole = self.is_index or self.is_static
        return self._named.name if whole else self._named.stem

    @property
    def file(self) -> str:
        """The file's path below the handlers folder, or its label."""
        return self.label or self.path.relative_to(self._named.parent).as_posix()

    @property
    def manifest(self) -> Path:
        """The path of the handler's manifest, which may not exist."""
        return self._named.parent / f"{self.name}.toml"


def find_sources(folder: Path, abis: Abis) -> tuple[Source, ...]:
    """List the handlers in *folder*, by file name.

    Raises: InvalidHandler if the folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise InvalidHandler(
            f"cannot read the handlers folder {folder}: {error.strerror}"
        ) from error
    return tuple(source_at(file, abis) for path in paths for file in _handler_files(path, abis))


def find_orphans(folder: Path, sources: Iterable[Source], abis: Abis) -> dict[str, str]:
    """Return what is missing beside each manifest in *folder* without a handler in *sources*, by
    the manifest's name; nothing if the folder cannot be read."""
    taken = {source.name for source in sources}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return {}
    return {
        path.name: f"a manifest without its handler: there is no {_candidates(path.stem, abis)}"
        for path in paths
        if path.stem not in taken
        and path.name not in _OTHERS
        and not path.name.startswith(".")
        and path.is_file()
    }


def source_at(path: Path, abis: Abis) -> Source:
    """Return the source of the handler at *path*."""
    found = Source(path, path.name in abis.indexes, (), is_static=path.is_dir())
    files: Sequence[Path] = [path]
    with suppress(InvalidHandler):  # reported when the handler is loaded
        files = () if found.is_static else abis.files(path)
    manifest = file_state(found.manifest)
    folders = declared_files(found.manifest, manifest).folders if manifest else ()
    state = (
        *map(file_state, files),
        manifest,
        *(_folder_state(path.parent / folder) for folder in folders),
    )
    return replace(found, state=state)


def handler_at(path: Path, abis: Abis) -> Source:
    """Return the source of the handler whose file, or whose folder, is *path*.

    Raises: InvalidHandler if the folder is not a handler.
    """
    if path.is_file():
        return source_at(path, abis)
    found = _handler_files(path.resolve(), abis)
    if not found:
        raise InvalidHandler(
            f"{path} is a folder without {' or '.join(abis.indexes)}, and no {path.name}.toml"
            " beside it says static = true; name a handler's file or its folder"
        )
    return source_at(found[0], abis)


def is_handler(path: Path, abis: Abis) -> bool:
    """Return whether *path* is a file, or a folder that is a handler, not a folder of handlers."""
    return path.is_file() or (path.is_dir() and bool(_handler_files(path.resolve(), abis)))


def _folder_state(path: Path) -> FileState:
    """Return what differs between a folder and none: guests read the files in it as they are."""
    return (b"folder", 0, 0) if path.is_dir() else None


def _handler_files(path: Path, abis: Abis) -> list[Path]:
    """Return the handler's file at *path*, or in the folder there, if it is a handler."""
    if path.name.startswith("."):
        return []
    if path.is_file():
        return [path] if path.suffix in abis.suffixes and path.name not in abis.indexes else []
    found = [index for name in abis.indexes if (index := path / name).is_file()]
    return found or ([path] if _is_static(path) else [])


def _is_static(path: Path) -> bool:
    """Return whether a manifest says that the folder at *path* is a handler."""
    manifest = path.parent / f"{path.name}.toml"
    state = file_state(manifest)
    return state is not None and declared_files(manifest, state).static and path.is_dir()


def _candidates(stem: str, abis: Abis) -> str:
    files = [f"{stem}{suffix}" for suffix in abis.suffixes]
    *first, last = [*files, *(f"{stem}/{index}" for index in abis.indexes)]
    return f"{', '.join(first)} or {last}"
