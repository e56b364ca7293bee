"""Measures how much of its thread's native stack a guest may use."""

from __future__ import annotations

import ctypes

RESERVE_BYTES = 128 << 10
"""Stack kept free for the code above the guest (gunicorn, Flask, the data path) and below it: host
functions, called at the deepest point, and the engine's trap handler"""

EXTENSION_BYTES = 512 << 10
"""Stack kept free besides, where extensions run below guests: plugin code and its C libraries
(a TLS handshake, a name lookup)"""

_ASSUMED_BYTES = 256 << 10
"""Assumed stack size where the C library does not report one: the smallest size we support"""


def room_bytes() -> int:
    """Return how many bytes of the calling thread's stack guests may use."""
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
