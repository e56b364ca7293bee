"""The folders that are open when a guest starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from nexus.errors import InvalidArgument
from nexus.guest.files.mounts import root_of
from nexus.guest.files.nodes import Folder
from nexus.guest.files.real import RealFolder
from nexus.guest.files.tree import EMPTY, Tree
from nexus.guest.preview1.descriptors import Descriptor
from nexus.guest.preview1.opened import OpenFolder, Shared
from nexus.model import Files, MountedFolder

ROOT: Final = 3
"""the descriptor of the first one"""
_MOST_OF_A_COMMAND: Final = 512
"""descriptors that a command line, which runs alone, may have"""


class _Root(OpenFolder):
    """The root folder of a handler's guest, made when the guest first looks at it."""

    def __init__(self, make: Callable[[], Folder]) -> None:
        super().__init__(EMPTY, preopened=b"/")
        self._make: Callable[[], Folder] | None = make

    @property
    def folder(self) -> Folder:
        if self._make is not None:
            self._folder, self._make = self._make(), None
        return self._folder


def root_folder(files: Files | None, beside: Mapping[bytes, Folder] | None = None) -> OpenFolder:
    """Return a new root folder, `/`, with *files* and the folders *beside* them, by their names."""
    if beside:
        return _Root(lambda: _with(beside, EMPTY if files is None else root_of(files)))
    if files is None:
        return OpenFolder(EMPTY, preopened=b"/")
    return _Root(lambda: root_of(files))


def _with(beside: Mapping[bytes, Folder], below: Folder) -> Folder:
    return Tree({name: partial(_same, folder) for name, folder in beside.items()}, lambda: below)


def _same(folder: Folder) -> Folder:
    return folder


def command_folders(folders: Sequence[MountedFolder]) -> dict[int, Descriptor]:
    """Return real folders of the host by their descriptors. Raises: InvalidArgument."""
    made: dict[int, Descriptor] = {}
    shared = Shared(_MOST_OF_A_COMMAND)
    for number, (path, at, writable) in enumerate(folders, ROOT):
        try:
            folder = RealFolder.at(path, writable=writable)
        except OSError as error:
            raise InvalidArgument(f"cannot open the folder {path}: {error.strerror}") from error
        made[number] = OpenFolder(folder, preopened=at.encode(), shared=shared)
    return made
