"""Makes wasmtime keep memories and tables of ended instances for new ones ("pooling allocator").

wasmtime makes both as a new instance expects them, before or when it uses their slot again
(https://docs.wasmtime.dev/api/wasmtime/struct.PoolingAllocationConfig.html).
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

import wasmtime
from wasmtime import _ffi

from nexus.engines.wasmtime_library import address_of
from nexus.engines.zeros import COPIED_BYTES
from nexus.wasm.format.limits import MAX_TABLES, RewriteLimits

_PREFIX: Final = "wasmtime_pooling_allocation_config_"
_SLOTS: Final = 64
"""Instances at once; each has 4 GiB of addresses, as without slots"""
_KEPT_BYTES: Final = COPIED_BYTES
"""Up to this size wasmtime writes what a new instance expects; it gives all memory beyond it back,
whose page faults take longer"""
_SIZES: Final = {
    "total_core_instances": _SLOTS,
    "total_memories": _SLOTS,
    "total_gc_heaps": _SLOTS,
    "total_tables": 2 * _SLOTS,
    "max_tables_per_module": MAX_TABLES,
    "table_elements": RewriteLimits(0).table_elements,
    "linear_memory_keep_resident": _KEPT_BYTES,
    "table_keep_resident": _KEPT_BYTES,
}


def use_slots(config: wasmtime.Config) -> None:
    """Let engines made with *config* have slots for instances; beyond their number, or for a module
    with larger tables, instantiating fails. Raises: AttributeError if this wasmtime has none."""
    new = _typed("wasmtime_pooling_allocation_config_new", [], ctypes.c_void_p)
    delete = _typed(_PREFIX + "delete", [ctypes.c_void_p], None)
    use = _typed("wasmtime_pooling_allocation_strategy_set", [ctypes.c_void_p] * 2, None)
    sizes = new()
    try:
        for name, size in _SIZES.items():
            pointer, number = ctypes.c_void_p, ctypes.c_size_t
            _typed(f"{_PREFIX}{name}_set", [pointer, number], None)(sizes, size)
        use(address_of(config), sizes)
    finally:
        delete(sizes)


def _typed(name: str, arguments: list[Any], result: Any) -> Any:
    function = getattr(ctypes.CDLL(str(_ffi.filename)), name)
    function.argtypes, function.restype = arguments, result
    return function
