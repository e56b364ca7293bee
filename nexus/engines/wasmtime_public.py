"""Replaces `wasmtime_direct.py` through wasmtime-py's public API, for a build that differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wasmtime


class PublicModule:
    """A module that a linker can instantiate."""

    def __init__(self, linker: wasmtime.Linker, module: wasmtime.Module) -> None:
        self.linker, self.module = linker, module


class PublicInstance:
    """One instance in a store of its own."""

    def __init__(self, module: PublicModule) -> None:
        """Instantiate *module*. Raises: wasmtime.Trap, wasmtime.WasmtimeError."""
        self._store = wasmtime.Store(module.linker.engine)
        made = module.linker.instantiate(self._store, module.module)
        self._exports: Any = made.exports(self._store)

    def global_(self, name: str, type_: str) -> PublicGlobal:
        """Return the mutable global *name* of a number type."""
        return PublicGlobal(self._store, self._exports[name], type_)

    def memory(self, name: str) -> PublicMemory:
        """Return the memory *name*."""
        return PublicMemory(self._store, self._exports[name])

    def function(self, name: str) -> Callable[..., int]:
        """Return the function *name*, like `DirectInstance.function`."""
        return public_function(self._store, self._exports[name])


class PublicGlobal:
    """One mutable global of a number type."""

    def __init__(self, store: wasmtime.Store, found: wasmtime.Global, type_: str) -> None:
        self._store, self._global = store, found

    def get(self) -> Any:
        """Return the value; integers are signed."""
        return self._global.value(self._store)

    def set(self, value: Any) -> None:
        """Set the value."""
        self._global.set_value(self._store, value)


class PublicMemory:
    """One linear memory."""

    def __init__(self, store: wasmtime.Store, found: wasmtime.Memory) -> None:
        self._store, self._memory = store, found

    def size(self) -> int:
        """Return the length in bytes."""
        return self._memory.data_len(self._store)

    def view(self) -> memoryview:
        """Return the whole memory as a writable view, which does not keep the memory alive."""
        if not self.size():
            return memoryview(b"")
        return memoryview(self._memory.get_buffer_ptr(self._store)).cast("B")

    def grow(self, pages: int) -> None:
        """Make the memory longer. Raises: wasmtime.WasmtimeError."""
        self._memory.grow(self._store, pages)


def public_function(store: wasmtime.Store, found: wasmtime.Func) -> Callable[..., int]:
    """Return *found* as a Python function of signed integers, with up to one result."""

    def called(*arguments: int) -> int:
        return found(store, *arguments) or 0

    return called
