"""fd_fdstat_*, fd_filestat_get, fd_close, fd_renumber."""

from __future__ import annotations

import struct
from typing import Final

from nexus.guest.files.nodes import Status
from nexus.guest.preview1 import errno
from nexus.guest.preview1.process import Process

_FDSTAT: Final = struct.Struct("<B x H 4x Q Q")  # filetype, flags, rights base and inheriting
_FILESTAT: Final = struct.Struct("<Q Q B 7x Q Q Q Q Q")  # dev ino type nlink size atim mtim ctim
_KNOWN_FLAGS: Final = 0b11111
_U64: Final = 0xFFFFFFFFFFFFFFFF


def fd_fdstat_get(process: Process, fd: int, result: int) -> int:
    descriptor = process.descriptor(fd)
    status = _FDSTAT.pack(
        descriptor.filetype, descriptor.flags, descriptor.rights, descriptor.inheriting
    )
    process.memory.write(result, status)
    return errno.SUCCESS


def fd_fdstat_set_flags(process: Process, fd: int, flags: int) -> int:
    descriptor = process.descriptor(fd)
    if flags & ~_KNOWN_FLAGS:
        return errno.INVAL
    descriptor.flags = flags
    return errno.SUCCESS


def fd_fdstat_set_rights(process: Process, fd: int, base: int, inheriting: int) -> int:
    descriptor = process.descriptor(fd)
    base, inheriting = base & _U64, inheriting & _U64
    if base & ~descriptor.rights or inheriting & ~descriptor.inheriting:
        return errno.NOTCAPABLE
    descriptor.rights, descriptor.inheriting = base, inheriting
    return errno.SUCCESS


def fd_filestat_get(process: Process, fd: int, result: int) -> int:
    process.memory.write(result, packed(process.descriptor(fd).status()))
    return errno.SUCCESS


def packed(status: Status) -> bytes:
    """Return *status* as the guest reads it."""
    kind, number, size, links, *times = status
    device = 1 if number else 0  # all files lie on one; a pipe on none
    return _FILESTAT.pack(device, number, kind, links, size, *(ns & _U64 for ns in times))


def fd_close(process: Process, fd: int) -> int:
    process.descriptor(fd)
    del process.descriptors[fd]
    return errno.SUCCESS


def fd_renumber(process: Process, fd: int, to: int) -> int:
    descriptor = process.descriptor(fd)
    process.descriptor(to)  # must be open as well: guests cannot make up numbers
    del process.descriptors[fd]
    process.descriptors[to] = descriptor
    return errno.SUCCESS
