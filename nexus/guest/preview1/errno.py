"""The error numbers of WASI preview 1 that Nexus returns.

https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno
"""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0
AGAIN: Final = 6
BADF: Final = 8
CANCELED: Final = 11
FAULT: Final = 21
FBIG: Final = 22
INTR: Final = 27
INVAL: Final = 28
IO: Final = 29
NOENT: Final = 44
NOTDIR: Final = 54
NOTSOCK: Final = 57
NOTSUP: Final = 58
PIPE: Final = 64
SPIPE: Final = 70
NOTCAPABLE: Final = 76


class Refused(Exception):
    """Carries an error number from a host function's depths to its edge (`link`), never further."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno
