"""A writable folder in memory, whose files and names together have a limited size."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Final

from nexus.guest.files.nodes import (
    FOLDER,
    LINK,
    REGULAR,
    Entry,
    Folder,
    Link,
    Node,
    OpenedFile,
    Status,
)
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

NODE_BYTES: Final = 1024
"""what a file, link or folder counts beside its content, and each further name: Python objects"""
_TICK_NS: Final = 1_000_000
"""times are whole milliseconds, like a guest's clocks"""
_numbers = itertools.count(1)


class Space:
    """The bytes that one file system may take."""

    __slots__ = ("left_bytes",)

    def __init__(self, size_bytes: int) -> None:
        self.left_bytes = size_bytes

    def take(self, size_bytes: int) -> None:
        """Count *size_bytes* more, or less. Raises: Refused(NOSPC)."""
        if size_bytes > self.left_bytes:
            raise Refused(errno.NOSPC)
        self.left_bytes -= size_bytes


class _MemoryNode(Node):
    """The parts of every node in memory."""

    __slots__ = ("accessed_ns", "changed_ns", "links", "modified_ns", "number", "space")

    def __init__(self, space: Space) -> None:
        self.space = space
        self.number = next(_numbers)
        self.links = 1
        self.accessed_ns = self.modified_ns = self.changed_ns = _now_ns()

    def size(self) -> int:
        return 0

    def status(self) -> Status:
        times = self.accessed_ns, self.modified_ns, self.changed_ns
        return Status(self.kind, self.number, self.size(), self.links, *times)

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        if accessed_ns is not None:
            self.accessed_ns = accessed_ns
        if modified_ns is not None:
            self.modified_ns = modified_ns
        self.changed_ns = _now_ns()

    def touch(self) -> None:
        """Note that the content has changed."""
        self.modified_ns = self.changed_ns = _now_ns()


class _MemoryFile(_MemoryNode, OpenedFile):
    """A file; open files of it are the same object. Its bytes count until the last name is gone and
    nobody has it open."""

    __slots__ = ("content",)

    kind = REGULAR

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self.content = bytearray()

    def __del__(self) -> None:
        self.space.left_bytes += len(self.content)

    def size(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        return bytes(memoryview(self.content)[offset : offset + length])

    def write(self, offset: int, content: memoryview) -> None:
        if not content:
            return
        end = offset + len(content)
        if end > len(self.content):
            self.resize(end)
        self.content[offset:end] = content
        self.touch()

    def resize(self, size: int) -> None:
        have = len(self.content)
        self.space.take(size - have)
        if size < have:
            del self.content[size:]
        else:
            self.content += bytes(size - have)
        self.touch()


class _MemoryLink(_MemoryNode, Link):
    __slots__ = ("_target",)

    kind = LINK

    def __init__(self, space: Space, target: bytes) -> None:
        super().__init__(space)
        self._target = target

    def size(self) -> int:
        return len(self._target)

    def target(self) -> bytes:
        return self._target


class MemoryFolder(_MemoryNode, Folder):
    """A folder."""

    __slots__ = ("_nodes",)

    kind = FOLDER

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._nodes: dict[bytes, _MemoryNode] = {}

    def find(self, name: bytes) -> Node | None:
        return self._nodes.get(name)

    def entries(self) -> Sequence[Entry]:
        return [Entry(name, node.kind, node.number) for name, node in self._nodes.items()]

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        node = self._existing(name)
        if not isinstance(node, _MemoryFile):
            raise Refused(errno.ISDIR if isinstance(node, Folder) else errno.LOOP)
        return node

    def create(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        made = _MemoryFile(self.space)
        self._put(name, made)
        return made

    def create_folder(self, name: bytes) -> None:
        self._put(name, MemoryFolder(self.space))

    def create_link(self, name: bytes, target: bytes) -> None:
        self._put(name, _MemoryLink(self.space, target))

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
        if isinstance(node, MemoryFolder):
            if node is self or node._holds(self):
                raise Refused(errno.INVAL)
            if replaced is not None and not isinstance(replaced, MemoryFolder):
                raise Refused(errno.NOTDIR)
        if replaced is not None:
            if isinstance(replaced, MemoryFolder):
                if not isinstance(node, MemoryFolder):
                    raise Refused(errno.ISDIR)
                self.remove_folder(name)
            else:
                self.remove(name)
        self._put(name, node)
        other._take(old_name)
        node.changed_ns = _now_ns()

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

    def _existing(self, name: bytes) -> _MemoryNode:
        node = self._nodes.get(name)
        if node is None:
            raise Refused(errno.NOENT)
        return node

    def _put(self, name: bytes, node: _MemoryNode) -> None:
        if name in self._nodes:
            raise Refused(errno.EXIST)
        if not self.links:
            raise Refused(errno.NOENT)
        extra = len(node.target()) if isinstance(node, _MemoryLink) else 0
        self.space.take(NODE_BYTES + len(name) + extra)
        self._nodes[name] = node
        self.touch()

    def _take(self, name: bytes) -> None:
        node = self._nodes.pop(name)
        extra = len(node.target()) if isinstance(node, _MemoryLink) else 0
        self.space.take(-(NODE_BYTES + len(name) + extra))
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


def _now_ns() -> int:
    now_ns = time.time_ns()
    return now_ns - now_ns % _TICK_NS
