"""How much of its thread's native stack a guest may use."""

from __future__ import annotations

import ctypes

RESERVE_BYTES = 128 << 10
"""for what runs above the guest (gunicorn, Flask, the data path) and below it: host functions,
called at the deepest point, and the engine's handling of a trap"""

EXTENSION_BYTES = 512 << 10
"""beyond that, where extensions run below guests: a plugin's code, and the C libraries it calls
(a TLS handshake, a name looked up)"""

_ASSUMED_BYTES = 256 << 10
"""where the C library does not tell: the smallest stack that is supported"""


def room_bytes() -> int:
    """Bytes of the calling thread's stack that guests may use."""
    return max(0, _stack_bytes() - RESERVE_BYTES)


def _stack_bytes() -> int:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "pthread_getattr_np"):
        return _ASSUMED_BYTES
    libc.pthread_self.restype = ctypes.c_void_p
    # pthread_attr_t takes 56 bytes with glibc and musl on 64-bit machines.
    attributes = ctypes.create_string_buffer(256)
    address, size = ctypes.c_void_p(), ctypes.c_size_t()
    if libc.pthread_getattr_np(ctypes.c_void_p(libc.pthread_self()), attributes):
        return _ASSUMED_BYTES
    failed = libc.pthread_attr_getstack(attributes, ctypes.byref(address), ctypes.byref(size))
    libc.pthread_attr_destroy(attributes)
    return _ASSUMED_BYTES if failed else size.value
