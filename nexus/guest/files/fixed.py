"""A read-only folder whose files are bytes in memory. It never changes, so threads may share it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from nexus.guest.files.nodes import FOLDER, REGULAR, Entry, Folder, Node, OpenedFile, Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

_numbers: Final = itertools.count(1)


class FixedFile(Node, OpenedFile):
    """A file."""

    __slots__ = ("_content", "_number")

    kind = REGULAR
    in_memory = True

    def __init__(self, content: bytes) -> None:
        self._content, self._number = content, next(_numbers)

    def status(self) -> Status:
        return Status(REGULAR, self._number, len(self._content), 1, 0, 0, 0)

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def set_times(self, accessed_ns: int | None, modified_ns: int | None) -> None:
        raise Refused(errno.ROFS)


class FixedFolder(Folder):
    """A folder; `fixed_folder` makes one with all that lies below it."""

    __slots__ = ("_nodes", "_number")

    def __init__(self, nodes: Mapping[bytes, FixedFile | FixedFolder]) -> None:
        self._nodes, self._number = nodes, next(_numbers)

    def status(self) -> Status:
        return Status(FOLDER, self._number, 0, 1, 0, 0, 0)

    def let_go(self) -> bool:
        return True

    def find(self, name: bytes) -> Node | None:
        return self._nodes.get(name)

    def entries(self) -> Sequence[Entry]:
        return [Entry(name, node.kind, node._number) for name, node in self._nodes.items()]

    def open(self, name: bytes, *, reads: bool, writes: bool) -> OpenedFile:
        node = self._nodes.get(name)
        if node is None:
            raise Refused(errno.NOENT)
        if isinstance(node, FixedFolder):
            raise Refused(errno.ISDIR)
        if writes:
            raise Refused(errno.ROFS)
        return node


def fixed_folder(files: Mapping[str, bytes]) -> FixedFolder:
    """Return a folder with *files*, by their paths below it; a path that ends with a slash is that
    of an empty folder."""
    here: dict[bytes, FixedFile | FixedFolder] = {}
    below: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            inner = below.setdefault(name, {})
            if rest:
                inner[rest] = content
        else:
            here[name.encode()] = FixedFile(content)
    for name, inner in below.items():
        here[name.encode()] = fixed_folder(inner)
    return FixedFolder(here)
