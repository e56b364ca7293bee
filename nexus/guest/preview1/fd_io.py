"""fd_read, fd_write: the two functions nearly every request calls."""

from __future__ import annotations

from nexus.guest.preview1 import errno
from nexus.guest.preview1.descriptors import FD_READ, FD_WRITE
from nexus.guest.preview1.memory import fill
from nexus.guest.preview1.process import Process


def fd_read(process: Process, fd: int, iovecs: int, count: int, result: int) -> int:
    descriptor = process.descriptor(fd)
    if not descriptor.rights & FD_READ:
        return errno.NOTCAPABLE
    memory = process.memory
    buffers = memory.buffers(iovecs, count)
    content = descriptor.read(sum(map(len, buffers)))
    fill(buffers, content)
    memory.write_u32(result, len(content))
    return errno.SUCCESS


def fd_write(process: Process, fd: int, iovecs: int, count: int, result: int) -> int:
    descriptor = process.descriptor(fd)
    if not descriptor.rights & FD_WRITE:
        return errno.NOTCAPABLE
    memory = process.memory
    if count == 1:  # what a buffered guest does once per request
        buffer = memory.buffer(iovecs)
        descriptor.write(buffer)
        memory.write_u32(result, len(buffer))
        return errno.SUCCESS
    written = 0
    for buffer in memory.buffers(iovecs, count):
        descriptor.write(buffer)
        written += len(buffer)
    memory.write_u32(result, written)
    return errno.SUCCESS
