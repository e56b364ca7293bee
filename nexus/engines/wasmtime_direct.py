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
    """A module linked with a linker's functions."""

    linked: int | None = None
    """address of what wasmtime made of both; deleted with this object"""

    def __init__(self, linker: wasmtime.Linker, module: wasmtime.Module) -> None:
        """Raises: wasmtime.WasmtimeError if the linker lacks an import."""
        self.keep = (linker, module)
        self.engine = address_of(linker.engine)
        c = library()
        place = ctypes.c_void_p()
        self._unlink = c.unlink
        error = c.link(address_of(linker), address_of(module), ctypes.addressof(place))
        if error:
            raise raised(error, None)
        self.linked = place.value
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

    def __del__(self) -> None:
        if self.linked is not None:
            self._unlink(self.linked)


_ENDED: Final = object()


class _Store:
    """A store, deleted with this object, or replaced by a new one."""

    __slots__ = ("_at", "_delete", "_engine", "context")

    def __init__(self, engine: int) -> None:
        self._engine, self._delete = engine, library().delete_store
        self._at: int | None = None
        self.context: object = _ENDED
        self.begin()

    def begin(self) -> None:
        """Make a new store, after `end`."""
        c = library()
        self._at = c.new_store(self._engine, None, None)
        self.context = c.context(self._at)

    def end(self) -> None:
        """Delete the store; whatever uses its context then gets a `ctypes.ArgumentError`."""
        at, self._at, self.context = self._at, None, _ENDED
        if at is not None:
            self._delete(at)

    def __del__(self) -> None:
        self.end()


class DirectInstance:
    """One instance in a store of its own. Its exports are looked up when they are asked for.

    After `end`, `renew` makes another instance of the same module, in a new store. The globals,
    memories and functions handed out are then those of the new instance.
    """

    __slots__ = ("_at", "_found", "_instantiate", "_module", "_place", "_store", "_trap")

    def __init__(self, module: DirectModule) -> None:
        """Instantiate *module*. Raises: wasmtime.Trap, wasmtime.WasmtimeError."""
        self._module, self._store = module, _Store(module.engine)
        self._place = _ffi.wasmtime_instance_t()
        self._at = ctypes.addressof(self._place)
        self._found: list[tuple[bytes, int, Any]] = []
        """the exports looked up: name, address of the C structure, the structure"""
        self._trap = ctypes.POINTER(_ffi.wasm_trap_t)()
        self._instantiate = library().instantiate
        self._make()

    def _make(self) -> None:
        trap, linked = self._trap, self._module.linked
        error = self._instantiate(linked, self._store.context, self._at, ctypes.addressof(trap))
        if error or trap:
            raise raised(error, trap)

    def end(self) -> None:
        """Delete the instance with its store; nothing of it may be used until `renew`."""
        self._store.end()

    def renew(self) -> None:
        """Instantiate the module anew, after `end`. Raises: wasmtime.Trap, wasmtime.WasmtimeError;
        nothing of the instance may then be used."""
        self._store.begin()
        self._make()
        export, context, at = library().export, self._store.context, self._at
        for name, place, _ in self._found:
            if not export(context, at, name, len(name), place):
                raise KeyError(name)

    def _find(self, name: str) -> Any:
        """Return what is exported as *name*, as a C structure. Raises: KeyError."""
        found = _ffi.wasmtime_extern_t()
        text = name.encode()
        place = ctypes.addressof(found)
        if not library().export(self._store.context, self._at, text, len(text), place):
            raise KeyError(name)
        self._found.append((text, place, found))
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

    __slots__ = ("_field", "_get", "_global", "_keep", "_of", "_set", "_store", "_value")

    def __init__(self, store: _Store, found: Any, type_: str) -> None:
        c = library()
        value = _ffi.wasmtime_val_t()
        value.kind = ctypes.c_uint8(FIELDS[type_])
        self._keep = (found, value)  # keeps the objects behind the addresses alive
        self._store = store
        self._global = ctypes.addressof(found)
        self._value, self._of, self._field = ctypes.addressof(value), value.of, type_
        self._get, self._set = c.global_get, c.global_set

    def get(self) -> Any:
        """Return the value; integers are signed."""
        self._get(self._store.context, self._global, self._value)
        return getattr(self._of, self._field)

    def set(self, value: Any) -> None:
        """Set the value."""
        setattr(self._of, self._field, value)
        if self._set(self._store.context, self._global, self._value):
            raise wasmtime.WasmtimeError("the global cannot be set")


class DirectMemory:
    """One linear memory."""

    __slots__ = ("_data", "_keep", "_last", "_memory", "_size", "_store", "_view")

    def __init__(self, store: _Store, found: Any) -> None:
        c = library()
        self._keep = found
        self._store, self._memory = store, ctypes.addressof(found)
        self._size, self._data = c.data_size, c.data
        self._view = memoryview(b"")
        self._last = 0, 0
        """address and length of `_view`"""

    def size(self) -> int:
        """Return the length in bytes."""
        return int(self._size(self._store.context, self._memory))

    def view(self) -> memoryview:
        """Return the whole memory as a writable view, which does not keep the memory alive."""
        size = self.size()
        if not size:
            return memoryview(b"")
        address = self._data(self._store.context, self._memory)
        if self._last != (address, size):
            self._last = address, size
            self._view = memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")
        return self._view

    def grow(self, pages: int) -> None:
        """Make the memory longer. Raises: wasmtime.WasmtimeError."""
        before = ctypes.c_uint64()
        context = self._store.context
        error = library().grow(context, self._memory, pages, ctypes.addressof(before))
        if error:
            raise raised(error, None)


def _function(
    store: _Store, found: Any, params: Sequence[str], results: Sequence[str]
) -> Callable[..., int]:
    values = (_ffi.wasmtime_val_raw_t * max(1, len(params), len(results)))()
    places = tuple((values[number], field) for number, field in enumerate(params))
    answer = (values[0], results[0]) if results else None
    call = library().call
    function, at, count = ctypes.addressof(found), ctypes.addressof(values), len(values)
    trap = ctypes.POINTER(_ffi.wasm_trap_t)()
    trap_at = ctypes.addressof(trap)
    keep = (found, values)

    def called(*arguments: int) -> int:
        for (place, field), argument in zip(places, arguments, strict=True):
            setattr(place, field, argument)
        error = call(store.context, function, at, count, trap_at)
        if error or trap:
            raise raised(error, trap)
        return getattr(answer[0], answer[1]) if answer is not None else 0

    called.keep = keep  # type: ignore[attr-defined]  # the closure has their addresses
    return called
