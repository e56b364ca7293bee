"""The folders that are open when a guest starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nexus.errors import InvalidArgument
from nexus.guest.files.mounts import root_of
from nexus.guest.files.nodes import Folder
from nexus.guest.files.real import RealFolder
from nexus.guest.files.tree import EMPTY
from nexus.guest.preview1.descriptors import Descriptor
from nexus.guest.preview1.opened import OpenFolder, Shared
from nexus.model import Files, MountedFolder

ROOT: Final = 3
"""the descriptor of the first one"""
_MOST_OF_A_COMMAND: Final = 512
"""descriptors that a command line, which runs alone, may have"""


class _Root(OpenFolder):
    """The root folder of a handler's guest, made when the guest first looks at it."""

    def __init__(self, files: Files) -> None:
        super().__init__(EMPTY, preopened=b"/")
        self._files: Files | None = files

    @property
    def folder(self) -> Folder:
        if self._files is not None:
            self._folder, self._files = root_of(self._files), None
        return self._folder


def root_folder(files: Files | None) -> OpenFolder:
    """Return a new root folder with *files*, as `/`; for None an empty one."""
    return OpenFolder(EMPTY, preopened=b"/") if files is None else _Root(files)


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
