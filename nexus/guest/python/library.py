"""A standard library beside a build of CPython, which the setting `python_library` names.

Its files are read once and kept in memory: set-up and requests see the same ones, even if the
folder changes meanwhile. A guest finds them below `/python`, where CPython looks for
`lib/pythonX.Y` because its command is `/python/bin/python`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

from nexus.errors import ConfigError
from nexus.guest.bundle import Bundle
from nexus.guest.files.fixed import FixedFolder, fixed_folder

COMMAND: Final = b"/python/bin/python"
"""the name by which CPython is started: it searches the folders above for its library"""
MAX_FILES: Final = 8192
MAX_BYTES: Final = 64 << 20
"""number and size of the files of a library; one with more is refused"""

_FOLDER: Final = b"python"
_VERSIONS: Final = ("python3.11", "python3.12")
_OS: Final = frozenset({"os.py", "os.pyc"})
_INIT: Final = frozenset({"__init__.py", "__init__.pyc"})
_WITHOUT: Final = frozenset(
    {"__pycache__", "ensurepip", "idlelib", "site-packages", "test", "tests", "turtledemo"}
)
"""folders that no handler needs"""
_COMPILED: Final = frozenset({".a", ".o", ".so", ".pyd", ".dylib", ".exe"})
_MARK: Final = "/"
"""begins the names of a library's files among those of a handler"""
Place: TypeAlias = "Path | zipfile.Path"
_ALLOWED: Final = "allowed: a folder or zip file with os.py and encodings/, such as lib/python3.11"


@dataclass(frozen=True)
class Library:
    """The files of a standard library, by their paths below `lib/pythonX.Y`."""

    files: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def folders(self) -> Mapping[bytes, FixedFolder]:
        """The folder with the library, by its name beside a guest's other files at `/`."""
        # CPython warns if it does not find the folder of its compiled modules.
        library = fixed_folder({**self.files, "lib-dynload/": b""})
        versions = {version.encode(): library for version in _VERSIONS}
        return {_FOLDER: FixedFolder({b"lib": FixedFolder(versions)})}

    def beside(self, bundle: Bundle) -> Bundle:
        """Return *bundle* with these files, for `split`."""
        named = {f"{_MARK}{path}": content for path, content in self.files.items()}
        return replace(bundle, files={**bundle.files, **named})


def split(bundle: Bundle) -> tuple[Bundle, Library | None]:
    """Return the handler and the library of which `Library.beside` made *bundle*."""
    files = {n: content for n, content in bundle.files.items() if n[:1] == _MARK}
    if not files:
        return bundle, None
    own = {n: content for n, content in bundle.files.items() if n not in files}
    library = Library({n.removeprefix(_MARK): content for n, content in files.items()})
    return replace(bundle, files=own), library


def check_library(path: Path) -> None:
    """Check that *path* has the files without which CPython does not start.

    Raises: ConfigError.
    """
    try:
        root = _root(path)
        names = _names(root)
        inner = _names(root.joinpath("encodings")) if "encodings" in names else set()
    except (OSError, zipfile.BadZipFile) as error:
        raise _wrong(f"cannot read {path} ({_reason(error)})") from error
    for what, found, wanted in (("os.py", names, _OS), ("encodings/__init__.py", inner, _INIT)):
        if found.isdisjoint(wanted):
            raise _wrong(f"{path} has no {what}")


def read_library(path: Path) -> Library:
    """Read the library at *path*, without its tests and compiled modules.

    Raises: ConfigError.
    """
    files: dict[str, bytes] = {}
    size = 0
    try:
        for name, file in _walk(_root(path), ""):
            files[name] = file.read_bytes()
            size += len(files[name])
            if len(files) > MAX_FILES or size > MAX_BYTES:
                most = f"{MAX_FILES} files and {MAX_BYTES >> 20} MiB"
                raise _wrong(f"{path} has more than {most}, not counting tests")
    except (OSError, zipfile.BadZipFile) as error:
        raise _wrong(f"cannot read {path} ({_reason(error)})") from error
    return Library(files)


def _root(path: Path) -> Place:
    if path.is_file():
        return zipfile.Path(path)
    return path


def _entries(folder: Place) -> list[Place]:
    entries: list[Place] = list(folder.iterdir())
    return sorted(entries, key=lambda entry: entry.name)


def _names(folder: Place) -> set[str]:
    return {entry.name for entry in _entries(folder)}


def _walk(folder: Place, prefix: str) -> Iterator[tuple[str, Place]]:
    for entry in _entries(folder):
        name = entry.name
        if name.startswith(".") or name in _WITHOUT:
            continue
        if entry.is_dir():
            if not (isinstance(entry, Path) and entry.is_symlink()):
                yield from _walk(entry, f"{prefix}{name}/")
        elif entry.is_file() and Path(name).suffix not in _COMPILED:
            yield f"{prefix}{name}", entry


def _wrong(found: str) -> ConfigError:
    return ConfigError([f"python_library: {found}; {_ALLOWED}"])


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
