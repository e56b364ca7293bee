"""A writable folder in memory, whose files and names together have a limited size."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.guest.files.memory_files import (
    MemoryFile,
    MemoryLink,
    MemoryNode,
    Space,
    now_ns,
    size_of,
)
from nexus.guest.files.nodes import FOLDER, Entry, Folder, Node, OpenedFile
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused


class MemoryFolder(MemoryNode, Folder):
    """A folder."""

    __slots__ = ("_nodes",)

    kind = FOLDER

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._nodes: dict[bytes, MemoryNode] = {}

    def let_go(self) -> bool:
        return True

    def find(self, name: bytes) -> Node | None:
        return self._nodes.get(name)

    def entries(self) -> Sequence[Entry]:
        return [Entry(name, node.kind, node.number) for name, node in self._nodes.items()]

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        node = self._existing(name)
        if not isinstance(node, MemoryFile):
            raise Refused(errno.ISDIR if isinstance(node, Folder) else errno.LOOP)
        return node

    def create(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        made = MemoryFile(self.space)
        self._put(name, made)
        return made

    def create_folder(self, name: bytes) -> None:
        self._put(name, MemoryFolder(self.space))

    def create_link(self, name: bytes, target: bytes) -> None:
        self._put(name, MemoryLink(self.space, target))

    def add(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        node = self._sibling(folder)._existing(old_name)
        if isinstance(node, MemoryFolder):
            raise Refused(errno.PERM)
        self._put(name, node)
        node.links += 1

    def move_here(self, name: bytes, folder: Folder, old_name: bytes) -> None:
        other = self._sibling(folder)
        node, replaced = other._existing(old_name), self._nodes.get(name)
        if node is replaced:
            return
        if isinstance(node, MemoryFolder) and (node is self or node._holds(self)):
            raise Refused(errno.INVAL)
        if isinstance(replaced, MemoryFolder):
            if not isinstance(node, MemoryFolder):
                raise Refused(errno.ISDIR)
            self.remove_folder(name)
        elif replaced is not None:
            if isinstance(node, MemoryFolder):
                raise Refused(errno.NOTDIR)
            self.remove(name)
        self._put(name, node)
        other._take(old_name)
        node.changed_ns = now_ns()

    def remove(self, name: bytes) -> None:
        if isinstance(node := self._existing(name), MemoryFolder):
            raise Refused(errno.ISDIR)
        self._take(name)
        node.links -= 1

    def remove_folder(self, name: bytes) -> None:
        node = self._existing(name)
        if not isinstance(node, MemoryFolder):
            raise Refused(errno.NOTDIR)
        if node._nodes:
            raise Refused(errno.NOTEMPTY)
        self._take(name)
        node.links = 0  # a removed folder that is still open takes no new names

    def _existing(self, name: bytes) -> MemoryNode:
        node = self._nodes.get(name)
        if node is None:
            raise Refused(errno.NOENT)
        return node

    def _put(self, name: bytes, node: MemoryNode) -> None:
        if name in self._nodes:
            raise Refused(errno.EXIST)
        if not self.links:
            raise Refused(errno.NOENT)
        self.space.take(size_of(name, node))
        self._nodes[name] = node
        self.touch()

    def _take(self, name: bytes) -> None:
        node = self._nodes.pop(name)
        self.space.take(-size_of(name, node))
        self.touch()

    def _sibling(self, folder: Folder) -> MemoryFolder:
        if not isinstance(folder, MemoryFolder) or folder.space is not self.space:
            raise Refused(errno.XDEV)
        return folder

    def _holds(self, folder: MemoryFolder) -> bool:
        """Return whether *folder* lies below this one."""
        waiting = [self]
        while waiting:
            inner = [n for n in waiting.pop()._nodes.values() if isinstance(n, MemoryFolder)]
            if folder in inner:
                return True
            waiting += inner
        return False
