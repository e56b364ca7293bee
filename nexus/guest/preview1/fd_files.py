"""Functions on open files and folders, beyond reading and writing at the present position."""

from __future__ import annotations

import struct
from typing import Final

from nexus.guest.files.memory_files import now_ns
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.memory import fill
from nexus.guest.preview1.process import Process

U32: Final = 0xFFFFFFFF
U64: Final = 0xFFFFFFFFFFFFFFFF
_LAST_ADVICE: Final = 5
_ACCESSED, _ACCESSED_NOW, _MODIFIED, _MODIFIED_NOW = 1, 2, 4, 8
_LATEST_NS: Final = (1 << 63) - 1
_CURRENT: Final = 1
_PRESTAT: Final = struct.Struct("<B 3x I")  # kind 0: a folder; length of its name
_DIRENT: Final = struct.Struct("<Q Q I B 3x")  # next cookie, inode, length of the name, type


def fd_seek(process: Process, fd: int, offset: int, whence: int, result: int) -> int:
    position = process.descriptor(fd).seek(offset, whence)
    process.memory.write_u64(result, position)
    return errno.SUCCESS


def fd_tell(process: Process, fd: int, result: int) -> int:
    return fd_seek(process, fd, 0, _CURRENT, result)


def fd_pread(process: Process, fd: int, iovecs: int, count: int, offset: int, result: int) -> int:
    descriptor, memory = process.descriptor(fd), process.memory
    buffers = memory.buffers(iovecs, count)
    content = descriptor.read_at(offset & U64, sum(map(len, buffers)))
    fill(buffers, content)
    memory.write_u32(result, len(content))
    return errno.SUCCESS


def fd_pwrite(process: Process, fd: int, iovecs: int, count: int, offset: int, result: int) -> int:
    descriptor, memory = process.descriptor(fd), process.memory
    written = 0
    for buffer in memory.buffers(iovecs, count):
        descriptor.write_at((offset & U64) + written, buffer)
        written += len(buffer)
    if not written:
        descriptor.write_at(offset & U64, memory.view(0, 0))  # for its error, if it has one
    memory.write_u32(result, written)
    return errno.SUCCESS


def fd_advise(process: Process, fd: int, offset: int, length: int, advice: int) -> int:
    process.descriptor(fd).seek(0, _CURRENT)  # for its error on a pipe or a folder
    return errno.SUCCESS if 0 <= advice <= _LAST_ADVICE else errno.INVAL


def fd_allocate(process: Process, fd: int, offset: int, length: int) -> int:
    process.descriptor(fd).allocate(offset & U64, length & U64)
    return errno.SUCCESS


def fd_sync(process: Process, fd: int) -> int:
    process.descriptor(fd).sync()
    return errno.SUCCESS


def fd_datasync(process: Process, fd: int) -> int:
    return fd_sync(process, fd)


def fd_filestat_set_size(process: Process, fd: int, size: int) -> int:
    process.descriptor(fd).resize(size & U64)
    return errno.SUCCESS


def fd_filestat_set_times(
    process: Process, fd: int, accessed_ns: int, modified_ns: int, flags: int
) -> int:
    descriptor = process.descriptor(fd)
    descriptor.set_times(*chosen_times(accessed_ns, modified_ns, flags))
    return errno.SUCCESS


def chosen_times(accessed_ns: int, modified_ns: int, flags: int) -> tuple[int | None, int | None]:
    """Return the times to set, None for one that stays. Raises: Refused(INVAL)."""
    if not 0 <= flags < 1 << 4:
        raise Refused(errno.INVAL)
    return (
        _time(accessed_ns & U64, flags & _ACCESSED, flags & _ACCESSED_NOW),
        _time(modified_ns & U64, flags & _MODIFIED, flags & _MODIFIED_NOW),
    )


def _time(given_ns: int, is_given: int, is_now: int) -> int | None:
    if is_given and is_now:
        raise Refused(errno.INVAL)
    if is_now:
        return now_ns()
    if is_given and given_ns > _LATEST_NS:
        raise Refused(errno.INVAL)
    return given_ns if is_given else None


def fd_prestat_get(process: Process, fd: int, result: int) -> int:
    name = process.descriptor(fd).preopened
    if name is None:
        return errno.BADF  # ends the loop in which C libraries look for preopened folders
    process.memory.write(result, _PRESTAT.pack(0, len(name)))
    return errno.SUCCESS


def fd_prestat_dir_name(process: Process, fd: int, start: int, length: int) -> int:
    name = process.descriptor(fd).preopened
    if name is None:
        return errno.BADF
    if length & U32 < len(name):
        return errno.NAMETOOLONG
    process.memory.write(start, name)
    return errno.SUCCESS


def fd_readdir(process: Process, fd: int, start: int, length: int, cookie: int, result: int) -> int:
    descriptor, memory = process.descriptor(fd), process.memory
    entries = descriptor.listing(anew=cookie == 0)
    buffer = memory.view(start, length)
    used = 0
    for number in range(cookie & U64, len(entries)):
        name, kind, inode = entries[number]
        part = _DIRENT.pack(number + 1, inode, len(name), kind) + name
        part = part[: len(buffer) - used]  # a guest sees that the last name is cut, and asks again
        buffer[used : used + len(part)] = part
        used += len(part)
        if used == len(buffer):
            break
    memory.write_u32(result, used)
    return errno.SUCCESS
