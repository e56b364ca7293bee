"""Makes the memory of an ended instance zeros again, for the next one."""

from __future__ import annotations

import ctypes
import mmap

COPIED_BYTES = 256 << 10
"""Up to this size zeros are written: that takes less than the page faults of new pages"""

_MADV_DONTNEED = 4

# Calls through PyDLL keep the GIL: in a busy server, getting it back would take longer.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
_libc.memset.restype = ctypes.c_void_p


def make_zeros(address: int, size: int) -> bool:
    """Make *size* bytes at *address* zeros; return False if that is impossible.

    They must be whole pages of a private mapping without a file: of such pages the kernel drops
    the content, and maps zeros at the next access (madvise(2), `MADV_DONTNEED`).
    """
    if size <= COPIED_BYTES:
        _libc.memset(address, 0, size)
        return True
    if address % mmap.PAGESIZE:
        return False
    return not _libc.madvise(address, size, _MADV_DONTNEED)
