"""The root folder of a handler's guest: its manifest's trees, and an empty `/tmp`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from nexus.guest.files.memory import MemoryFolder
from nexus.guest.files.memory_files import Space
from nexus.guest.files.nodes import Folder
from nexus.guest.files.real import RealFolder
from nexus.guest.files.tree import Opens, Tree
from nexus.guest.files.walk import walk
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused, refused_by
from nexus.model import Files, Mount

SCRATCH: Final = "/tmp"
"""the writable folder's path in a guest"""


def root_of(files: Files) -> Folder:
    """Return a new root folder, with an empty `/tmp` of its own if *files* has one."""
    found: dict[str, Opens] = {mount.at: partial(open_mount, mount) for mount in files.mounts}
    if files.scratch_bytes:
        scratch = MemoryFolder(Space(files.scratch_bytes))
        found[SCRATCH] = lambda: scratch
    return _nested({tuple(filter(None, at.split("/"))): opens for at, opens in found.items()})


def open_mount(mount: Mount) -> Folder:
    """Open the folder of *mount*. Raises: Refused if it is missing or lies outside its base."""
    try:
        base = RealFolder.at(mount.base)
    except OSError as error:
        raise refused_by(error) from error
    node = walk(base, mount.path.encode(), follow=True).existing()
    if not isinstance(node, Folder):
        raise Refused(errno.NOTDIR)
    return node


def _nested(found: Mapping[tuple[str, ...], Opens]) -> Tree:
    """Return a tree of *found*, by the names in their paths; the tree's own path has none."""
    inner: dict[bytes, dict[tuple[str, ...], Opens]] = {}
    for path, opens in found.items():
        if path:
            inner.setdefault(path[0].encode(), {})[path[1:]] = opens
    return Tree({name: _opening(parts) for name, parts in inner.items()}, found.get(()))


def _opening(parts: Mapping[tuple[str, ...], Opens]) -> Opens:
    """Return what opens the folder of *parts*: one folder, or a tree if others lie in it."""
    if tuple(parts) == ((),):
        return parts[()]
    return lambda: _nested(parts)
