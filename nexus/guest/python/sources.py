"""Finds the files of a Python handler: its own, and those of the packages beside it.

The guest sees exactly these files. `NAME.py` has one file of its own, `NAME/main.py` all files of
its folder. Packages lie in `NAME/site-packages`, or for all handlers in `site-packages` of the
handlers folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nexus.errors import InvalidHandler
from nexus.guest.bundle import Bundle
from nexus.guest.python.zones import ZONES, zone_files

INDEX: Final = "main.py"
PACKAGES: Final = "site-packages"
MAX_FILES: Final = 512
"""files of one handler, without packages; a handler with more is invalid"""
MAX_BYTES: Final = 8 << 20
"""size of a handler's own files together; a larger handler is invalid"""
MAX_PACKAGE_FILES: Final = 8192
MAX_PACKAGES_BYTES: Final = 32 << 20
"""the same for the packages that a handler sees"""

_COMPILED: Final = frozenset({".so", ".pyd", ".dylib", ".a", ".pyc", ".pyo"})
"""suffixes of files that no guest can use"""


def list_files(entry: Path) -> list[Path]:
    """Return the files whose change changes the handler, *entry* first.

    Of a package that is only the list of its files (`RECORD`), which an installer writes anew.

    Raises: InvalidHandler for too many files.
    """
    records = [
        record for folder in _package_folders(entry) for record in folder.glob("*.dist-info/RECORD")
    ]
    return [*_own_files(entry), *sorted(records)]


def read_bundle(entry: Path) -> Bundle:
    """Read the handler at *entry*.

    Raises: InvalidHandler if a file is unreadable, its Python is not UTF-8, or the handler is too
        large.
    """
    own = {}
    for path in _own_files(entry):
        if _inside(path, entry.parent):
            own[path.relative_to(entry.parent).as_posix()] = _read(path)
    _limit("its files", own, MAX_BYTES)
    for name, content in own.items():
        if name.endswith(".py"):
            check_text(name, content)
    packages = _read_packages(entry)
    _limit("its packages", packages, MAX_PACKAGES_BYTES)
    return with_zones(Bundle(entry.name, {**packages, **own}))


def with_zones(bundle: Bundle) -> Bundle:
    """Add the time zones if a file of *bundle* mentions them, in Python code or in data."""
    if not any(ZONES in content for content in bundle.files.values()):
        return bundle
    return Bundle(bundle.entry, {**zone_files(), **bundle.files}, bundle.is_text)


def check_text(name: str, content: bytes) -> None:
    """Raises: InvalidHandler if *content* is not UTF-8."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidHandler(f"{name}: not UTF-8 at byte {error.start}") from error


def _own_files(entry: Path) -> list[Path]:
    if entry.name != INDEX:
        return [entry]
    others = sorted(path for path in _walk(entry.parent, {PACKAGES}) if path != entry)
    if len(others) >= MAX_FILES:
        raise InvalidHandler(f"its folder has more than {MAX_FILES} files")
    return [entry, *others]


def _package_folders(entry: Path) -> list[Path]:
    """Return the folders with packages; the handler's own comes last, as it wins."""
    if entry.name != INDEX:
        return [entry.parent / PACKAGES]
    return [entry.parent.parent / PACKAGES, entry.parent / PACKAGES]


def _read_packages(entry: Path) -> dict[str, bytes]:
    found: dict[str, dict[str, bytes]] = {}
    for folder in _package_folders(entry):
        if not folder.is_dir():
            continue
        here: dict[str, dict[str, bytes]] = {}
        for number, path in enumerate(_walk(folder, set())):
            if number >= MAX_PACKAGE_FILES:
                raise InvalidHandler(f"{folder} has more than {MAX_PACKAGE_FILES} files")
            if path.suffix not in _COMPILED and _inside(path, folder):
                name = path.relative_to(folder)
                here.setdefault(name.parts[0], {})[f"{PACKAGES}/{name.as_posix()}"] = _read(path)
        found |= here  # as wholes: files of two versions do not mix
    return {name: content for files in found.values() for name, content in files.items()}


def _walk(folder: Path, without: set[str]) -> Iterator[Path]:
    """Return all files below *folder*, sorted; no hidden ones, no bytecode."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        if path.name.startswith(".") or path.name == "__pycache__" or path.name in without:
            continue
        if path.is_dir():
            yield from () if path.is_symlink() else _walk(path, set())
        elif path.is_file():
            yield path


def _inside(path: Path, folder: Path) -> bool:
    """Return whether *path* lies inside *folder*, even if it is a link."""
    return not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())


def _limit(what: str, files: dict[str, bytes], most_bytes: int) -> None:
    size = sum(map(len, files.values()))
    if size > most_bytes:
        raise InvalidHandler(f"{what} have {size} bytes; allowed are {most_bytes}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidHandler(f"cannot read {path}: {error.strerror}") from error
