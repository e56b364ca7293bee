"""The same as `wasmtime_direct.py` by wasmtime-py's public API, for a build that differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wasmtime


class PublicGlobal:
    """One mutable global of a number type."""

    def __init__(self, store: wasmtime.Store, found: wasmtime.Global, type_: str) -> None:
        self._store, self._global = store, found

    def get(self) -> Any:
        """Return its value; integers signed."""
        return self._global.value(self._store)

    def set(self, value: Any) -> None:
        """Give it another value."""
        self._global.set_value(self._store, value)


class PublicMemory:
    """One linear memory."""

    def __init__(self, store: wasmtime.Store, found: wasmtime.Memory) -> None:
        self._store, self._memory = store, found

    def size(self) -> int:
        """Return its length in bytes."""
        return self._memory.data_len(self._store)

    def view(self) -> memoryview:
        """Return all of it, writable. It does not keep the memory alive."""
        if not self.size():
            return memoryview(b"")
        return memoryview(self._memory.get_buffer_ptr(self._store)).cast("B")


def public_function(store: wasmtime.Store, found: wasmtime.Func) -> Callable[..., int]:
    """Return *found* as a Python function of integers, signed, with at most one result."""

    def called(*arguments: int) -> int:
        return found(store, *arguments) or 0

    return called
