"""Functions that always fail, since pipes cannot seek and are neither files nor sockets.

A guest has no preopened directory and no socket, so these functions only choose an error number.
They return BADF if the descriptor is not open; for stdin, stdout or stderr they return the error
that POSIX prescribes for the same call on a pipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.guest.preview1 import errno
from nexus.guest.preview1.process import Process

_ON_A_PIPE: Final[Mapping[str, tuple[int, tuple[int, ...]]]] = {
    # name -> (error number, positions of the descriptors among its parameters)
    "fd_advise": (errno.SPIPE, (0,)),
    "fd_allocate": (errno.SPIPE, (0,)),
    "fd_pread": (errno.SPIPE, (0,)),
    "fd_pwrite": (errno.SPIPE, (0,)),
    "fd_seek": (errno.SPIPE, (0,)),
    "fd_tell": (errno.SPIPE, (0,)),
    "fd_datasync": (errno.INVAL, (0,)),
    "fd_sync": (errno.INVAL, (0,)),
    "fd_filestat_set_size": (errno.INVAL, (0,)),
    "fd_filestat_set_times": (errno.NOTCAPABLE, (0,)),
    # BADF ends the loop in which C libraries look for preopened directories
    "fd_prestat_get": (errno.BADF, (0,)),
    "fd_prestat_dir_name": (errno.BADF, (0,)),
    "fd_readdir": (errno.NOTDIR, (0,)),
    "path_create_directory": (errno.NOTDIR, (0,)),
    "path_filestat_get": (errno.NOTDIR, (0,)),
    "path_filestat_set_times": (errno.NOTDIR, (0,)),
    "path_link": (errno.NOTDIR, (0, 4)),
    "path_open": (errno.NOTDIR, (0,)),
    "path_readlink": (errno.NOTDIR, (0,)),
    "path_remove_directory": (errno.NOTDIR, (0,)),
    "path_rename": (errno.NOTDIR, (0, 3)),
    "path_symlink": (errno.NOTDIR, (2,)),
    "path_unlink_file": (errno.NOTDIR, (0,)),
    "sock_accept": (errno.NOTSOCK, (0,)),
    "sock_recv": (errno.NOTSOCK, (0,)),
    "sock_send": (errno.NOTSOCK, (0,)),
    "sock_shutdown": (errno.NOTSOCK, (0,)),
}


def _refusal(on_a_pipe: int, positions: tuple[int, ...]) -> Callable[..., int]:
    def refuse(process: Process, *arguments: int) -> int:
        for position in positions:
            process.descriptor(arguments[position])
        return on_a_pipe

    return refuse


REFUSALS: Final[Mapping[str, Callable[..., int]]] = {
    name: _refusal(*refusal) for name, refusal in _ON_A_PIPE.items()
}
