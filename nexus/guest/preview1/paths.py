"""Functions on paths: each begins at a folder that is open, and leads to a place below it."""

from __future__ import annotations

from typing import Final

from nexus.guest.files.nodes import Folder, Link, Node, OpenedFile
from nexus.guest.files.walk import MAX_PATH_BYTES, Place, walk
from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE, Descriptor
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.fd_files import U32, chosen_times
from nexus.guest.preview1.fd_status import packed
from nexus.guest.preview1.opened import (
    FD_ALLOCATE,
    FD_SET_SIZE,
    FILE_RIGHTS,
    FOLDER_RIGHTS,
    PATH_SET_SIZE,
    OpenFile,
    OpenFolder,
)
from nexus.guest.preview1.process import Process

_FOLLOW: Final = 1
_CREATE, _FOLDER, _EXCLUSIVE, _CUT = 1, 2, 4, 8
_KNOWN_FLAGS: Final = 0b11111
_WRITES: Final = FD_WRITE | FD_ALLOCATE | FD_SET_SIZE


def path_open(
    process: Process,
    fd: int,
    lookup: int,
    path: int,
    length: int,
    how: int,
    rights: int,
    inheriting: int,
    flags: int,
    result: int,
) -> int:
    opener = process.descriptor(fd)
    if not isinstance(opener, OpenFolder):
        return errno.NOTDIR
    place = _place(process, opener.folder, path, length, follow=bool(lookup & _FOLLOW))
    process.memory.view(result, 4)
    if flags & ~_KNOWN_FLAGS:
        return errno.INVAL
    if len(process.descriptors) >= opener.shared.most_descriptors:
        return errno.MFILE
    made: Descriptor
    if isinstance(place.node, Folder):
        made = _opened_folder(opener, place.node, how, rights, inheriting, flags)
    else:
        made = _opened_file(opener, place, how, rights & opener.inheriting & FILE_RIGHTS, flags)
    number = 3
    while number in process.descriptors:
        number += 1
    process.descriptors[number] = made
    process.memory.write_u32(result, number)
    return errno.SUCCESS


def _opened_folder(
    opener: OpenFolder, folder: Folder, how: int, rights: int, inheriting: int, flags: int
) -> OpenFolder:
    if how & _EXCLUSIVE and how & _CREATE:
        raise Refused(errno.EXIST)
    passed_on = opener.inheriting
    if rights & passed_on & FD_WRITE or how & (_CUT | _CREATE):
        raise Refused(errno.ISDIR)
    own = rights & passed_on & FOLDER_RIGHTS
    return OpenFolder(folder, own, inheriting & passed_on, flags, shared=opener.shared)


def _opened_file(opener: Descriptor, place: Place, how: int, rights: int, flags: int) -> OpenFile:
    folder, name, node, slash = place
    reads, writes = bool(rights & FD_READ), bool(rights & _WRITES)
    if how & _CUT and not opener.rights & PATH_SET_SIZE:
        raise Refused(errno.NOTCAPABLE)
    if isinstance(node, Link):
        raise Refused(errno.LOOP)
    if node is None:
        if not how & _CREATE:
            raise Refused(errno.NOENT)
        if slash or how & _FOLDER:
            raise Refused(errno.INVAL if how & _FOLDER else errno.ISDIR)
        return OpenFile(folder.create(name, reads=reads, writes=writes), rights, flags)
    if how & _EXCLUSIVE and how & _CREATE:
        raise Refused(errno.EXIST)
    if how & _FOLDER:
        raise Refused(errno.NOTDIR)
    file: OpenedFile = folder.open(name, reads=reads, writes=writes)
    if how & _CUT:
        folder.open(name, reads=False, writes=True).resize(0)
    return OpenFile(file, rights, flags)


def path_filestat_get(
    process: Process, fd: int, lookup: int, path: int, length: int, result: int
) -> int:
    node = _node(process, fd, lookup, path, length)
    process.memory.write(result, packed(node.status()))
    return errno.SUCCESS


def path_filestat_set_times(
    process: Process,
    fd: int,
    lookup: int,
    path: int,
    length: int,
    accessed_ns: int,
    modified_ns: int,
    flags: int,
) -> int:
    node = _node(process, fd, lookup, path, length)
    node.set_times(*chosen_times(accessed_ns, modified_ns, flags))
    return errno.SUCCESS


def path_create_directory(process: Process, fd: int, path: int, length: int) -> int:
    place = _place(process, process.descriptor(fd).folder, path, length)
    if place.node is not None:
        return errno.EXIST
    place.folder.create_folder(place.name)
    return errno.SUCCESS


def path_remove_directory(process: Process, fd: int, path: int, length: int) -> int:
    place = _named(_place(process, process.descriptor(fd).folder, path, length))
    place.folder.remove_folder(place.name)
    return errno.SUCCESS


def path_unlink_file(process: Process, fd: int, path: int, length: int) -> int:
    place = _named(_place(process, process.descriptor(fd).folder, path, length))
    if isinstance(place.node, Folder):
        return errno.ISDIR
    place.folder.remove(place.name)
    return errno.SUCCESS


def path_link(
    process: Process,
    old_fd: int,
    lookup: int,
    old_path: int,
    old_length: int,
    fd: int,
    path: int,
    length: int,
) -> int:
    old_folder, new_folder = _folders(process, old_fd, fd)
    if lookup & _FOLLOW:
        return errno.INVAL
    old = _named(_place(process, old_folder, old_path, old_length))
    new = _place(process, new_folder, path, length)
    if new.node is not None:
        return errno.EXIST
    if isinstance(old.node, Folder):
        return errno.PERM
    if new.slash:
        return errno.NOENT
    new.folder.add(new.name, old.folder, old.name)
    return errno.SUCCESS


def path_rename(
    process: Process,
    old_fd: int,
    old_path: int,
    old_length: int,
    fd: int,
    path: int,
    length: int,
) -> int:
    old_folder, new_folder = _folders(process, old_fd, fd)
    old = _named(_place(process, old_folder, old_path, old_length))
    new = _place(process, new_folder, path, length)
    if not new.name:
        return errno.BUSY
    if new.slash and not isinstance(old.node, Folder):
        return errno.NOTDIR
    new.folder.move_here(new.name, old.folder, old.name)
    return errno.SUCCESS


def path_symlink(
    process: Process, target: int, target_length: int, fd: int, path: int, length: int
) -> int:
    folder = process.descriptor(fd).folder
    content = _text(process, target, target_length)
    place = _place(process, folder, path, length)
    if place.node is not None:
        return errno.EXIST
    if place.slash or not content:
        return errno.NOENT
    if b"\0" in content:
        return errno.INVAL
    if content[:1] == b"/":
        return errno.PERM
    place.folder.create_link(place.name, content)
    return errno.SUCCESS


def path_readlink(
    process: Process, fd: int, path: int, length: int, start: int, size: int, result: int
) -> int:
    node = _node(process, fd, 0, path, length)
    if not isinstance(node, Link):
        return errno.INVAL
    content = node.target()[: size & U32]
    process.memory.write(start, content)
    process.memory.write_u32(result, len(content))
    return errno.SUCCESS


def _node(process: Process, fd: int, lookup: int, path: int, length: int) -> Node:
    """Return the node at a path. Raises: Refused, with NOENT if the path names no node."""
    folder = process.descriptor(fd).folder
    return _place(process, folder, path, length, follow=bool(lookup & _FOLLOW)).existing()


def _folders(process: Process, old_fd: int, fd: int) -> tuple[Folder, Folder]:
    """Return the folders open at both. Raises: Refused, first if either descriptor is closed."""
    old, new = process.descriptor(old_fd), process.descriptor(fd)
    return old.folder, new.folder


def _place(
    process: Process, folder: Folder, path: int, length: int, *, follow: bool = False
) -> Place:
    return walk(folder, _text(process, path, length), follow=follow)


def _named(place: Place) -> Place:
    """Return *place* if it exists and has a name. Raises: Refused."""
    place.existing()
    if not place.name:
        raise Refused(errno.BUSY)
    return place


def _text(process: Process, start: int, length: int) -> bytes:
    if length & U32 > MAX_PATH_BYTES:
        raise Refused(errno.NAMETOOLONG)
    return bytes(process.memory.view(start, length))
