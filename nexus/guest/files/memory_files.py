"""Files and links in memory, and the space that they share with folders."""

from __future__ import annotations

import itertools
import time
from typing import Final

from nexus.guest.files.nodes import LINK, REGULAR, Link, Node, OpenedFile, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

NODE_BYTES: Final = 1024
"""size that each name counts beside its content, for the Python objects that it takes"""
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


class MemoryNode(Node):
    """The parts of every node in memory."""

    __slots__ = ("accessed_ns", "changed_ns", "links", "modified_ns", "number", "space")

    def __init__(self, space: Space) -> None:
        self.space = space
        self.number = next(_numbers)
        self.links = 1
        self.accessed_ns = self.modified_ns = self.changed_ns = now_ns()

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
        self.changed_ns = now_ns()

    def touch(self) -> None:
        """Note that the content has changed."""
        self.modified_ns = self.changed_ns = now_ns()


class MemoryFile(MemoryNode, OpenedFile):
    """A file; opening it returns the same object. Its bytes count until its last name is removed
    and its last descriptor closed."""

    __slots__ = ("content",)

    kind = REGULAR
    in_memory = True

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


class MemoryLink(MemoryNode, Link):
    """A symbolic link."""

    __slots__ = ("_target",)

    kind = LINK

    def __init__(self, space: Space, target: bytes) -> None:
        super().__init__(space)
        self._target = target

    def size(self) -> int:
        return len(self._target)

    def target(self) -> bytes:
        return self._target


def size_of(name: bytes, node: MemoryNode) -> int:
    """Return how many bytes of the space *name* takes."""
    return NODE_BYTES + len(name) + (node.size() if isinstance(node, MemoryLink) else 0)


def now_ns() -> int:
    """Return the time, in whole milliseconds."""
    exact_ns = time.time_ns()
    return exact_ns - exact_ns % _TICK_NS
