"""wasmtime's C API, called with prepared values instead of wasmtime-py's conversions.

For each call wasmtime-py looks up the function's type and makes a Python object of each value:
20 µs for a call of 0.2 µs. Here each function, global and memory keeps the values that the C API
needs (https://docs.wasmtime.dev/c-api/). They are private to wasmtime-py, so `works` tries them
once in a process; if that fails, `wasmtime.py` uses the public API.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import wasmtime
from wasmtime import _ffi, _func

from nexus.engines.wasmtime_host import define

log = logging.getLogger("nexus.engines")

_FIELDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3}
"""Maps a number type, which is also the name of its C field, to its kind"""


class _Library:
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
        # A guest may run for long: other threads get the GIL meanwhile.
        slow = ctypes.CDLL(str(_ffi.filename))
        self.call = slow.wasmtime_func_call_unchecked
        self.call.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_size_t, ctypes.c_void_p]
        self.call.restype = ctypes.c_void_p


@lru_cache(maxsize=1)
def _library() -> _Library:
    return _Library()


def enable_branch_hints(config: wasmtime.Config) -> None:
    """Let the compiler use the hints that the rewriter gives (`nexus/wasm/metering/hints.py`), if
    this wasmtime can; without them, code is the same but slower."""
    enable = getattr(_ffi, "wasmtime_config_wasm_branch_hinting_set", None)
    if enable is not None:
        enable(config.ptr(), True)


class DirectGlobal:
    """One mutable global of a number type."""

    __slots__ = ("_context", "_field", "_get", "_global", "_keep", "_of", "_set", "_value")

    def __init__(self, store: wasmtime.Store, found: wasmtime.Global, type_: str) -> None:
        library = _library()
        value = _ffi.wasmtime_val_t()
        value.kind = ctypes.c_uint8(_FIELDS[type_])
        self._keep = (store, found, value)  # keeps the objects behind the addresses alive
        self._context = _context(store)
        self._global = ctypes.addressof(found._global)
        self._value, self._of, self._field = ctypes.addressof(value), value.of, type_
        self._get, self._set = library.global_get, library.global_set

    def get(self) -> Any:
        """Return the value; integers are signed."""
        self._get(self._context, self._global, self._value)
        return getattr(self._of, self._field)

    def set(self, value: Any) -> None:
        """Set the value."""
        setattr(self._of, self._field, value)
        if self._set(self._context, self._global, self._value):
            raise wasmtime.WasmtimeError("the global cannot be set")


class DirectMemory:
    """One linear memory."""

    __slots__ = ("_context", "_data", "_keep", "_memory", "_size")

    def __init__(self, store: wasmtime.Store, found: wasmtime.Memory) -> None:
        library = _library()
        self._keep = (store, found)
        self._context, self._memory = _context(store), ctypes.addressof(found._memory)
        self._size, self._data = library.data_size, library.data

    def size(self) -> int:
        """Return the length in bytes."""
        return int(self._size(self._context, self._memory))

    def view(self) -> memoryview:
        """Return the whole memory as a writable view, which does not keep the memory alive."""
        size = self.size()
        if not size:
            return memoryview(b"")
        address = self._data(self._context, self._memory)
        return memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")


def direct_function(store: wasmtime.Store, found: wasmtime.Func) -> Callable[..., int]:
    """Return *found* as a Python function of signed integers, with up to one result; 0 if it has
    no result.

    The returned function raises: wasmtime.Trap, wasmtime.WasmtimeError.
    """
    type_ = found.type(store)
    params = [str(each) for each in type_.params]
    results = [str(each) for each in type_.results]
    values = (_ffi.wasmtime_val_raw_t * max(1, len(params), len(results)))()
    places = tuple((values[number], field) for number, field in enumerate(params))
    answer = (values[0], results[0]) if results else None
    call, context = _library().call, _context(store)
    function, at, count = ctypes.addressof(found._func), ctypes.addressof(values), len(values)
    trap = ctypes.POINTER(_ffi.wasm_trap_t)()
    trap_at = ctypes.addressof(trap)
    keep = (store, found, values)

    def called(*arguments: int) -> int:
        for (place, field), argument in zip(places, arguments, strict=True):
            setattr(place, field, argument)
        error = call(context, function, at, count, trap_at)
        if error or trap:
            raise _raised(error, trap)
        return getattr(answer[0], answer[1]) if answer is not None else 0

    called.keep = keep  # type: ignore[attr-defined]  # the closure has their addresses
    return called


def _raised(error: int | None, trap: Any) -> Exception:
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


def _context(store: wasmtime.Store) -> int:
    return ctypes.cast(store._context(), ctypes.c_void_p).value or 0


_TRIAL = """(module
  (import "h" "shift" (func $shift (param i32 i64 f32 f64) (result i64)))
  (import "h" "none" (func $none))
  (memory (export "m") 1) (data (i32.const 3) "x")
  (global (export "i32") (mut i32) (i32.const -7)) (global (export "i64") (mut i64) (i64.const -8))
  (global (export "f32") (mut f32) (f32.const 1.5))
  (global (export "f64") (mut f64) (f64.const 2.5))
  (func (export "narrow") (param i32 i64) (result i64)
    (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "wide") (param i64 i32) (result i32) (i32.sub (i32.const 1) (local.get 1)))
  (func (export "trap") unreachable)
  (func (export "asked") (result i64)
    (call $none)
    (call $shift (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const -0.25))))"""


@lru_cache(maxsize=1)
def works() -> bool:
    """Return whether this wasmtime-py and its library behave as expected; tries it once."""
    try:
        problem = _try()
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    if problem:
        log.warning("using wasmtime's public API, which is slower, because %s", problem)
    return not problem


def _try() -> str:
    """Return the first difference from what is expected; empty if all is as expected."""
    store = wasmtime.Store(wasmtime.Engine())
    linker = wasmtime.Linker(store.engine)
    asked: list[tuple[float, ...]] = []

    def shift(*given: float) -> int:
        asked.append(given)
        return -5

    number = {t: getattr(wasmtime.ValType, t)() for t in _FIELDS}
    for name, params, results, host in (
        ("shift", list(_FIELDS), ["i64"], shift),
        ("none", [], [], lambda: asked.append(())),
    ):
        signature = wasmtime.FuncType([number[t] for t in params], [number[t] for t in results])
        define(linker, "h", name, params, results, signature, host)
    module = wasmtime.Module(store.engine, _TRIAL)
    exports: Any = linker.instantiate(store, module).exports(store)
    if direct_function(store, exports["asked"])() != -5 or asked != [(), (-1, -2, 0.5, -0.25)]:
        return f"a host function got {asked}"
    for type_, value in (("i32", -7), ("i64", -8), ("f32", 1.5), ("f64", 2.5)):
        cell = DirectGlobal(store, exports[type_], type_)
        if cell.get() != value:
            return f"a global of type {type_} reads as {cell.get()}"
        cell.set(3)
        if exports[type_].value(store) != 3:
            return f"a global of type {type_} was not set"
    view = DirectMemory(store, exports["m"]).view()
    if (len(view), view[3]) != (65536, ord("x")):
        return "the memory has other contents"
    if direct_function(store, exports["narrow"])(-1, -(1 << 40)) != -(1 << 40) - 1:
        return "an i64 comes back changed"
    if direct_function(store, exports["wide"])(5, 1 << 31) != -(1 << 31) + 1:
        return "an i32 comes back changed"
    trap = direct_function(store, exports["trap"])
    for _ in range(2):
        try:
            trap()
        except wasmtime.Trap as error:
            if error.trap_code is wasmtime.TrapCode.UNREACHABLE:
                continue
        return "a trap is not reported as a trap"
    return ""
