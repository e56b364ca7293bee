"""Offsets in CPython's objects on a 32-bit machine (Include/cpython/object.h).

A function object holds the address of its vectorcall; its type stores the offset (PEP 590). Calling
that address with (callable, args, nargsf, kwnames) calls the function.
"""

from __future__ import annotations

import struct
from typing import Final

_TYPE_AT: Final = 4
"""offset of `ob_type` in an object, behind the reference count"""
_VECTORCALL_OFFSET_AT: Final = 28
"""offset of `tp_vectorcall_offset` in a type"""
_NAME_AT: Final = 12
"""offset of `tp_name` in a type"""


def vectorcall_of(memory: memoryview, function: int) -> int:
    """Return the table index of the vectorcall of the function object at address *function*.

    Raises: ValueError if that address holds no function, as in another build of CPython.
    """
    type_ = _u32(memory, function + _TYPE_AT)
    name = _u32(memory, type_ + _NAME_AT)
    if bytes(memory[name : name + 9]) != b"function\0":
        raise ValueError("the object at its address is not a function")
    return _u32(memory, function + _u32(memory, type_ + _VECTORCALL_OFFSET_AT))


def _u32(memory: memoryview, address: int) -> int:
    if not 0 <= address <= len(memory) - 4:
        raise ValueError("an address lies outside the memory")
    found: int = struct.unpack_from("<I", memory, address)[0]
    return found
