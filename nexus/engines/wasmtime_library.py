"""The functions of wasmtime's C API that are called directly (https://docs.wasmtime.dev/c-api/)."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import wasmtime
from wasmtime import _ffi, _func


class Library:
    """The C functions called here; every argument is an address or a number."""

    def __init__(self) -> None:
        # Calls through PyDLL keep the GIL: they are shorter than getting it back in a busy server.
        quick = ctypes.PyDLL(str(_ffi.filename))
        self.global_get = quick.wasmtime_global_get
        self.global_get.argtypes, self.global_get.restype = [ctypes.c_void_p] * 3, None
        self.global_set = quick.wasmtime_global_set
        self.global_set.argtypes, self.global_set.restype = [ctypes.c_void_p] * 3, ctypes.c_void_p
        self.data_size = quick.wasmtime_memory_data_size
        self.data_size.argtypes, self.data_size.restype = [ctypes.c_void_p] * 2, ctypes.c_size_t
        self.data = quick.wasmtime_memory_data
        self.data.argtypes, self.data.restype = [ctypes.c_void_p] * 2, ctypes.c_void_p
        self.export = quick.wasmtime_instance_export_get
        self.export.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_size_t, ctypes.c_void_p]
        self.export.restype = ctypes.c_bool
        self.new_store = quick.wasmtime_store_new
        self.new_store.argtypes, self.new_store.restype = [ctypes.c_void_p] * 3, ctypes.c_void_p
        self.context = quick.wasmtime_store_context
        self.context.argtypes, self.context.restype = [ctypes.c_void_p], ctypes.c_void_p
        # A guest may run for long, also in a start function, and the kernel needs time for a large
        # memory: other threads get the GIL meanwhile.
        slow = ctypes.CDLL(str(_ffi.filename))
        self.call = slow.wasmtime_func_call_unchecked
        self.call.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_size_t, ctypes.c_void_p]
        self.call.restype = ctypes.c_void_p
        self.instantiate = slow.wasmtime_linker_instantiate
        self.instantiate.argtypes, self.instantiate.restype = [ctypes.c_void_p] * 5, ctypes.c_void_p
        self.grow = slow.wasmtime_memory_grow
        self.grow.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p]
        self.grow.restype = ctypes.c_void_p
        self.delete_store = slow.wasmtime_store_delete
        self.delete_store.argtypes, self.delete_store.restype = [ctypes.c_void_p], None


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
