"""wasmtime's C API, called with prepared values instead of wasmtime-py's conversions.

For each call wasmtime-py looks up the function's type and makes a Python object of each value:
20 µs for a call of 0.2 µs. It makes objects of all exports of each instance: 60 µs where a module
has four. Here each function, global and memory keeps the values that the C API needs. They are
private to wasmtime-py: `wasmtime_trial.py` finds out whether they are as expected.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Final

import wasmtime
from wasmtime import _ffi

from nexus.engines.wasmtime_library import address_of, library, raised

FIELDS: Final = {"i32": 0, "i64": 1, "f32": 2, "f64": 3}
"""Maps a number type, which is also the name of its C field, to its kind"""


class DirectModule:
    """A module that a linker can instantiate, by their addresses."""

    def __init__(self, linker: wasmtime.Linker, module: wasmtime.Module) -> None:
        self.keep = (linker, module)
        self.engine = address_of(linker.engine)
        self.linker, self.module = address_of(linker), address_of(module)
        self.signatures: dict[str, tuple[list[str], list[str]]] = {}
        """the parameters and results of exported functions, by name; all once one is called"""

    def signature(self, name: str) -> tuple[list[str], list[str]]:
        """Return the types of the exported function *name*. Raises: KeyError."""
        if not self.signatures:
            exported = {found.name: found.type for found in self.keep[1].exports}
            self.signatures = {
                name: ([str(each) for each in type_.params], [str(each) for each in type_.results])
                for name, type_ in exported.items()
                if isinstance(type_, wasmtime.FuncType)
            }
        return self.signatures[name]


class _Store:
    """A store, deleted with this object."""

    __slots__ = ("_at", "_delete", "context")

    def __init__(self, engine: int) -> None:
        c = library()
        self._delete = c.delete_store
        self._at = c.new_store(engine, None, None)
        self.context = c.context(self._at)

    def __del__(self) -> None:
        self._delete(self._at)


class DirectInstance:
    """One instance in a store of its own. Its exports are looked up when they are asked for."""

    __slots__ = ("_at", "_module", "_place", "_store")

    def __init__(self, module: DirectModule) -> None:
        """Instantiate *module*. Raises: wasmtime.Trap, wasmtime.WasmtimeError."""
        self._module, self._store = module, _Store(module.engine)
        self._place = _ffi.wasmtime_instance_t()
        self._at = ctypes.addressof(self._place)
        trap = ctypes.POINTER(_ffi.wasm_trap_t)()
        context, trap_at = self._store.context, ctypes.addressof(trap)
        error = library().instantiate(module.linker, context, module.module, self._at, trap_at)
        if error or trap:
            raise raised(error, trap)

    def _find(self, name: str) -> Any:
        """Return what is exported as *name*, as a C structure. Raises: KeyError."""
        found = _ffi.wasmtime_extern_t()
        text = name.encode()
        place = ctypes.addressof(found)
        if not library().export(self._store.context, self._at, text, len(text), place):
            raise KeyError(name)
        return found.of

    def global_(self, name: str, type_: str) -> DirectGlobal:
        """Return the mutable global *name* of a number type."""
        return DirectGlobal(self._store, self._find(name).global_, type_)

    def memory(self, name: str) -> DirectMemory:
        """Return the memory *name*."""
        return DirectMemory(self._store, self._find(name).memory)

    def function(self, name: str) -> Callable[..., int]:
        """Return the function *name* as a Python function of signed integers, with up to one
        result; 0 if it has no result.

        The returned function raises: wasmtime.Trap, wasmtime.WasmtimeError.
        """
        return _function(self._store, self._find(name).func, *self._module.signature(name))


class DirectGlobal:
    """One mutable global of a number type."""

    __slots__ = ("_context", "_field", "_get", "_global", "_keep", "_of", "_set", "_value")

    def __init__(self, store: _Store, found: Any, type_: str) -> None:
        c = library()
        value = _ffi.wasmtime_val_t()
        value.kind = ctypes.c_uint8(FIELDS[type_])
        self._keep = (store, found, value)  # keeps the objects behind the addresses alive
        self._context = store.context
        self._global = ctypes.addressof(found)
        self._value, self._of, self._field = ctypes.addressof(value), value.of, type_
        self._get, self._set = c.global_get, c.global_set

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

    def __init__(self, store: _Store, found: Any) -> None:
        c = library()
        self._keep = (store, found)
        self._context, self._memory = store.context, ctypes.addressof(found)
        self._size, self._data = c.data_size, c.data

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

    def grow(self, pages: int) -> None:
        """Make the memory longer. Raises: wasmtime.WasmtimeError."""
        before = ctypes.c_uint64()
        error = library().grow(self._context, self._memory, pages, ctypes.addressof(before))
        if error:
            raise raised(error, None)


def _function(
    store: _Store, found: Any, params: Sequence[str], results: Sequence[str]
) -> Callable[..., int]:
    values = (_ffi.wasmtime_val_raw_t * max(1, len(params), len(results)))()
    places = tuple((values[number], field) for number, field in enumerate(params))
    answer = (values[0], results[0]) if results else None
    call, context = library().call, store.context
    function, at, count = ctypes.addressof(found), ctypes.addressof(values), len(values)
    trap = ctypes.POINTER(_ffi.wasm_trap_t)()
    trap_at = ctypes.addressof(trap)
    keep = (store, found, values)

    def called(*arguments: int) -> int:
        for (place, field), argument in zip(places, arguments, strict=True):
            setattr(place, field, argument)
        error = call(context, function, at, count, trap_at)
        if error or trap:
            raise raised(error, trap)
        return getattr(answer[0], answer[1]) if answer is not None else 0

    called.keep = keep  # type: ignore[attr-defined]  # the closure has their addresses
    return called
