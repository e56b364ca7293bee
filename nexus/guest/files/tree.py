"""A read-only folder that shows other folders under names of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from nexus.guest.files.nodes import FOLDER, Entry, Folder, Node, OpenedFile, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

Opens: TypeAlias = Callable[[], Folder]
"""Opens a folder; raises Refused"""


class Tree(Folder):
    """Names for other folders, each opened when a guest first looks at it; a folder below shows
    the names that these do not hide."""

    __slots__ = ("_below", "_children", "_opened")

    def __init__(self, children: Mapping[bytes, Opens], below: Opens | None = None) -> None:
        self._children, self._below = children, below
        self._opened: dict[bytes, Folder] = {}

    def status(self) -> Status:
        return Status(FOLDER, 1, 0, 1, 0, 0, 0)

    def let_go(self) -> bool:
        self._opened.clear()
        return True

    def find(self, name: bytes) -> Node | None:
        if name in self._children:
            return self._open(name, self._children[name])
        below = self._lower()
        return None if below is None else below.find(name)

    def entries(self) -> Sequence[Entry]:
        found = {}
        below = self._lower()
        if below is not None:
            found = {entry.name: entry for entry in below.entries()}
        for name, opens in self._children.items():
            try:
                number = self._open(name, opens).status().number
            except Refused:
                continue  # deleted since the handler was loaded
            found[name] = Entry(name, FOLDER, number)
        return list(found.values())

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        below = self._lower()
        if name in self._children or below is None:
            raise Refused(errno.ISDIR if name in self._children else errno.NOENT)
        return below.open(name, reads=reads, writes=writes)

    def _lower(self) -> Folder | None:
        return None if self._below is None else self._open(b"", self._below)

    def _open(self, name: bytes, opens: Opens) -> Folder:
        found = self._opened.get(name)
        if found is None:
            found = self._opened[name] = opens()
        return found


EMPTY = Tree({})
"""the root of a guest without files"""
