"""Follows a path from a folder, name by name, and never leaves that folder.

`..` goes back to a folder that the walk came through, and a link's target is walked like any other
path: the kernel resolves neither of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nexus.guest.files.nodes import Folder, Link, Node
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

MAX_PATH_BYTES: Final = 4096
MAX_NAME_BYTES: Final = 255
MAX_LINKS: Final = 40
"""links that one walk follows, like Linux"""
MAX_STEPS: Final = 4096
"""names that one walk looks up, links included: it bounds the time of one host call"""


class Place(NamedTuple):
    """Where a path leads."""

    folder: Folder
    name: bytes
    """a name in *folder*; empty if the path ends at a folder without naming it, like `a/..`"""
    node: Node | None
    """the node that has the name, or None if the name is free"""
    slash: bool
    """whether the path can only be a folder's, since it ends in a slash or a dot"""

    def existing(self) -> Node:
        """Return the node. Raises: Refused(NOENT) if the name is free."""
        if self.node is None:
            raise Refused(errno.NOENT)
        return self.node


def walk(root: Folder, path: bytes, *, follow: bool) -> Place:
    """Return where *path* leads; *follow*: if that is a link, to where the link leads.

    Raises: Refused, with PERM for a path that leads out of *root*.
    """
    parts, slash = _parts(path)
    folders, links = [root], 0
    for _ in range(MAX_STEPS):
        if not parts:
            return Place(folders[-1], b"", folders[-1], True)
        name = parts.pop()
        if name == b"..":
            if len(folders) == 1:
                raise Refused(errno.PERM)
            folders.pop()
            continue
        if len(name) > MAX_NAME_BYTES:
            raise Refused(errno.NAMETOOLONG)
        folder = folders[-1]
        node = folder.find(name)
        if isinstance(node, Link) and (parts or slash or follow):
            links += 1
            if links > MAX_LINKS:
                raise Refused(errno.LOOP)
            more, ends_in_slash = _parts(node.target())
            slash = slash or (ends_in_slash and not parts)
            parts += more
        elif isinstance(node, Folder) and parts:
            folders.append(node)
        elif node is None and parts:
            raise Refused(errno.NOENT)
        elif parts or (slash and node is not None and not isinstance(node, Folder)):
            raise Refused(errno.NOTDIR)
        else:
            return Place(folder, name, node, slash)
    raise Refused(errno.LOOP)


def _parts(path: bytes) -> tuple[list[bytes], bool]:
    """Return the names in *path*, the last first, and whether only a folder can be there."""
    if not path:
        raise Refused(errno.NOENT)
    if len(path) > MAX_PATH_BYTES:
        raise Refused(errno.NAMETOOLONG)
    if path[:1] == b"/":
        raise Refused(errno.PERM)
    if b"\0" in path:
        raise Refused(errno.INVAL)
    try:
        path.decode()
    except UnicodeDecodeError as error:
        raise Refused(errno.ILSEQ) from error
    parts = path.split(b"/")
    slash = parts[-1] in (b"", b".", b"..")
    return [part for part in reversed(parts) if part not in (b"", b".")], slash
