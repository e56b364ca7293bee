"""The functions of wasmtime's C API that are called directly (https://docs.wasmtime.dev/c-api/)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import wasmtime
from wasmtime import _ffi, _func


class Library:
    """The C functions called here; every argument is an address or a number."""

    def __init__(self) -> None:
        # Calls through PyDLL keep the GIL: they are shorter than getting it back in a busy server.
        quick = ctypes.PyDLL(str(_ffi.filename))
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        self.global_get = _typed(quick.wasmtime_global_get, [pointer] * 3, None)
        self.global_set = _typed(quick.wasmtime_global_set, [pointer] * 3, pointer)
        self.data_size = _typed(quick.wasmtime_memory_data_size, [pointer] * 2, size)
        self.data = _typed(quick.wasmtime_memory_data, [pointer] * 2, pointer)
        named = [*[pointer] * 3, size, pointer]
        self.export = _typed(quick.wasmtime_instance_export_get, named, ctypes.c_bool)
        self.new_store = _typed(quick.wasmtime_store_new, [pointer] * 3, pointer)
        self.context = _typed(quick.wasmtime_store_context, [pointer], pointer)
        self.link = _typed(quick.wasmtime_linker_instantiate_pre, [pointer] * 3, pointer)
        self.unlink = _typed(quick.wasmtime_instance_pre_delete, [pointer], None)
        # A guest may run for long, also in a start function, and the kernel needs time for a large
        # memory: other threads get the GIL meanwhile.
        slow = ctypes.CDLL(str(_ffi.filename))
        called = [*[pointer] * 3, size, pointer]
        self.call = _typed(slow.wasmtime_func_call_unchecked, called, pointer)
        self.instantiate = _typed(slow.wasmtime_instance_pre_instantiate, [pointer] * 4, pointer)
        grown = [pointer, pointer, ctypes.c_uint64, pointer]
        self.grow = _typed(slow.wasmtime_memory_grow, grown, pointer)
        self.delete_store = _typed(slow.wasmtime_store_delete, [pointer], None)


def _typed(function: Any, arguments: Sequence[Any], result: Any) -> Any:
    function.argtypes, function.restype = arguments, result
    return function


@lru_cache(maxsize=1)
def library() -> Library:
    """Return the functions of the installed library, looked up once."""
    return Library()


def raised(error: int | None, trap: Any) -> Exception:
    """Return the error that ended a call, and clear *trap* for the next call."""
    # Host functions do not raise; if one did, no other call may get its exception.
    _func.LAST_EXCEPTION = None
    if trap:
        found: Exception = wasmtime.Trap._from_ptr(
            ctypes.cast(trap, ctypes.POINTER(_ffi.wasm_trap_t))
        )
        ctypes.c_void_p.from_address(ctypes.addressof(trap)).value = None
        return found
    pointer = ctypes.cast(error or 0, ctypes.POINTER(_ffi.wasmtime_error_t))
    failed: Exception = wasmtime.WasmtimeError._from_ptr(pointer)
    return failed


def address_of(found: Any) -> int:
    """Return the address of one of wasmtime-py's objects."""
    return ctypes.cast(found.ptr(), ctypes.c_void_p).value or 0


def enable_branch_hints(config: wasmtime.Config) -> None:
    """Let the compiler use the hints that the rewriter gives (`nexus/wasm/metering/hints.py`), if
    this wasmtime can; without them, code is the same but slower."""
    enable = getattr(_ffi, "wasmtime_config_wasm_branch_hinting_set", None)
    if enable is not None:
        enable(config.ptr(), True)
