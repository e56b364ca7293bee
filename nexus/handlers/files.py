"""The files that a manifest gives its handler: `files` and `scratch_mb`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from nexus.config.toml_file import parse_toml, read_toml
from nexus.errors import ManifestError
from nexus.guest.files.mounts import SCRATCH, open_mount
from nexus.guest.preview1.errno import Refused
from nexus.model import Files, Mount
from nexus.model.file_state import FileState
from nexus.plugin_api.abi import Module, ModuleProgram

MAX_MOUNTS: Final = 16
_MAX_CHARACTERS: Final = 512
ALLOWED: Final = (
    f"a table of up to {MAX_MOUNTS} folders beside the handler's file, such as "
    '{"/assets" = "assets"}: absolute paths in the guest, and relative paths without hidden parts '
    "or '..'; neither names a folder twice"
)
NO_PROGRAM: Final = ModuleProgram(
    Module(b'(module (memory (export "memory") 1) (func (export "_start")))', is_text=True)
)
"""stands for a static handler's program; requests never reach it"""


def parse_guest_path(value: object) -> str:
    """Return *value* if it is a guest's path. Raises: ValueError."""
    if not isinstance(value, str) or value[:1] != "/" or not _is_path(value[1:], empty=True):
        raise ValueError("not an absolute path")
    return value


def parse_folder(value: object) -> str:
    """Return *value* if it is a path below the handler's folder. Raises: ValueError."""
    if not isinstance(value, str) or not _is_path(value, empty=False):
        raise ValueError("not a relative path")
    if any(part.startswith(".") for part in value.split("/")):
        raise ValueError("a hidden part")
    return value


def few_mounts(mounts: Mapping[str, str]) -> Mapping[str, str]:
    """Return *mounts* unless there are too many. Raises: ValueError."""
    if len(mounts) > MAX_MOUNTS:
        raise ValueError("too many")
    return mounts


def _is_path(text: str, *, empty: bool) -> bool:
    if not text:
        return empty
    bad = any(part in ("", ".", "..") or len(part.encode()) > 255 for part in text.split("/"))
    return not bad and text.isprintable() and len(text) <= _MAX_CHARACTERS


def files_of(
    mounts: Mapping[str, str], scratch_mb: int | None, base: Path, manifest: str
) -> Files | None:
    """Return the files of a handler whose file lies in *base*, or None if the manifest gives none.

    Raises: ManifestError, naming the file *manifest* and the key, also for a folder that does not
        exist or lies outside *base*.
    """
    if not mounts and scratch_mb is None:
        return None
    found = tuple(Mount(at, base, path) for at, path in sorted(mounts.items()))
    problems = []
    for mount in found:
        if scratch_mb is not None and f"{mount.at}/".startswith(f"{SCRATCH}/"):
            problems.append(
                f"{manifest}: files: found {mount.at}; allowed: another path, since scratch_mb "
                f"makes {SCRATCH}"
            )
        try:
            open_mount(mount)
        except Refused:
            problems.append(
                f"{manifest}: files: {mount.at}: found {mount.path!r}; allowed: a folder in {base}"
            )
    if problems:
        raise ManifestError(problems)
    return Files(found, (scratch_mb or 0) << 20)


def check_static(declared: bool, keys: Collection[str], is_folder: bool, manifest: str) -> None:
    """Check that a manifest with `static = true` (*declared*) belongs to a folder without a program
    (*is_folder*), and that the *keys* of such a folder's manifest lack those that a program needs.

    Raises: ManifestError, naming the file *manifest*.
    """
    if declared and not is_folder:
        problem = "static: found true; allowed for a folder without a program only"
        raise ManifestError([f"{manifest}: {problem}"])
    for key in ("files", "scratch_mb"):
        if is_folder and key in keys:
            raise ManifestError([f"{manifest}: {key}: found beside static = true, allowed without"])


def static_mount(folder: Path, manifest: str) -> Mount:
    """Return the folder of a static handler.

    Raises: ManifestError, naming the file *manifest*, if a link there leads elsewhere.
    """
    mount = Mount("/", folder.parent, folder.name)
    try:
        open_mount(mount)
    except Refused as error:
        problem = f"static: found a link, or no folder; allowed: a folder in {folder.parent}"
        raise ManifestError([f"{manifest}: {problem}"]) from error
    return mount


def declares_static(manifest: bytes) -> bool:
    """Return whether the content of a manifest says that a folder of files is the handler."""
    try:
        return parse_toml(manifest).get("static") is True
    except ValueError:
        return False  # reported when the handler is loaded


class Declared(NamedTuple):
    """The folders and the `static` that a manifest declares."""

    folders: tuple[str, ...] = ()
    """below the folder of the handler's file"""
    static: bool = False
    """whether the folder of the manifest's name is the handler"""


@lru_cache(maxsize=1024)
def declared_files(manifest: Path, state: FileState) -> Declared:
    """Return what the file *manifest* declares; nothing if it is not valid.

    *state* is the file's state: a changed file is read again.
    """
    try:
        table: Any = read_toml(manifest)
        folders = tuple(map(parse_folder, table.get("files", {}).values()))
        return Declared(folders, table.get("static") is True)
    except (OSError, ValueError, AttributeError):
        return Declared()  # reported when the handler is loaded
