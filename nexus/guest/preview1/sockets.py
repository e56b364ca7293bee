"""Functions on sockets. A guest has no sockets, so they fail."""

from __future__ import annotations

from nexus.guest.preview1 import errno
from nexus.guest.preview1.process import Process


def sock_accept(process: Process, fd: int, *others: int) -> int:
    process.descriptor(fd)
    return errno.NOTSOCK


def sock_recv(process: Process, fd: int, *others: int) -> int:
    return sock_accept(process, fd)


def sock_send(process: Process, fd: int, *others: int) -> int:
    return sock_accept(process, fd)


def sock_shutdown(process: Process, fd: int, *others: int) -> int:
    return sock_accept(process, fd)
