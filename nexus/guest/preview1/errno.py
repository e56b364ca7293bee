"""The error numbers of WASI preview 1 that Nexus returns.

https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno
"""

from __future__ import annotations

import errno
from typing import Final

SUCCESS: Final = 0
ACCES: Final = 2
AGAIN: Final = 6
BADF: Final = 8
BUSY: Final = 10
CANCELED: Final = 11
EXIST: Final = 20
FAULT: Final = 21
FBIG: Final = 22
ILSEQ: Final = 25
INTR: Final = 27
INVAL: Final = 28
IO: Final = 29
ISDIR: Final = 31
LOOP: Final = 32
MFILE: Final = 33
MLINK: Final = 34
NAMETOOLONG: Final = 37
NOENT: Final = 44
NOSPC: Final = 51
NOTDIR: Final = 54
NOTEMPTY: Final = 55
NOTSOCK: Final = 57
NOTSUP: Final = 58
PERM: Final = 63
PIPE: Final = 64
ROFS: Final = 69
SPIPE: Final = 70
XDEV: Final = 75
NOTCAPABLE: Final = 76

_OF_THE_HOST: Final = {
    errno.EACCES: ACCES,
    errno.EBUSY: BUSY,
    errno.EDQUOT: NOSPC,
    errno.EEXIST: EXIST,
    errno.EFBIG: FBIG,
    errno.EINVAL: INVAL,
    errno.EISDIR: ISDIR,
    errno.ELOOP: LOOP,
    errno.EMFILE: MFILE,
    errno.EMLINK: MLINK,
    errno.ENAMETOOLONG: NAMETOOLONG,
    errno.ENFILE: MFILE,
    errno.ENOENT: NOENT,
    errno.ENOSPC: NOSPC,
    errno.ENOTDIR: NOTDIR,
    errno.ENOTEMPTY: NOTEMPTY,
    errno.ENXIO: ACCES,
    errno.EPERM: PERM,
    errno.EROFS: ROFS,
    errno.EXDEV: XDEV,
}
"""Maps an error number of the host's file system to WASI's; any other becomes IO"""


class Refused(Exception):
    """Carries an error number from a host function's depths to its edge (`link`), never further."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno


def refused_by(error: OSError) -> Refused:
    """Return the refusal that a guest gets for an error of the host's file system."""
    return Refused(_OF_THE_HOST.get(error.errno or 0, IO))
