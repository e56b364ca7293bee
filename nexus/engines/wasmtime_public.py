"""Replaces `wasmtime_direct.py` through wasmtime-py's public API, for a build that differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wasmtime


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


def public_function(store: wasmtime.Store, found: wasmtime.Func) -> Callable[..., int]:
    """Return *found* as a Python function of signed integers, with up to one result."""

    def called(*arguments: int) -> int:
        return found(store, *arguments) or 0

    return called
