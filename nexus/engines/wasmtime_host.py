"""Host functions through wasmtime's C API, which hands over raw values.

wasmtime-py makes several Python objects of each value: 20 µs for a host call. Here a call reads and
writes the values where wasmtime has them
(https://docs.wasmtime.dev/c-api/func_8h.html, `wasmtime_func_unchecked_callback_t`).
"""

from __future__ import annotations

import ctypes
import itertools
import struct
from collections.abc import Callable, Sequence
from typing import Any

import wasmtime
from wasmtime import _ffi

_FORMATS = {"i32": "i12x", "i64": "q8x", "f32": "f12x", "f64": "d8x"}
"""Maps a number type to its layout in the 16 bytes of a raw value; integers are signed"""
_WRAPS = {"i32": (1 << 32) - 1, "i64": (1 << 64) - 1}
_RESULTS = {"i32": "<I", "i64": "<Q", "f32": "<f", "f64": "<d"}

_numbers = itertools.count(1)
_functions: dict[int, Callable[[int], None]] = {}
"""functions that take the address of their values, by the number that wasmtime passes on; wasmtime
calls `_forget` once nothing can call a function any more"""


def define(
    linker: wasmtime.Linker,
    module: str,
    name: str,
    params: Sequence[str],
    results: Sequence[str],
    signature: wasmtime.FuncType,
    call: Callable[..., Any],
) -> None:
    """Define *module*.*name* in *linker*: *call*, with these types, which *signature* has too.

    Raises: wasmtime.WasmtimeError if the linker has such a function.
    """
    number = next(_numbers)
    _functions[number] = _on_raw_values(params, results, call)
    parts = module.encode(), name.encode()
    error = _ffi.wasmtime_linker_define_func_unchecked(
        linker.ptr(),
        *(ctypes.create_string_buffer(parts[0]), len(parts[0])),
        *(ctypes.create_string_buffer(parts[1]), len(parts[1])),
        *(signature.ptr(), _trampoline, number, _forget),
    )
    if error:
        raise wasmtime.WasmtimeError._from_ptr(error)


def _on_raw_values(
    params: Sequence[str], results: Sequence[str], call: Callable[..., Any]
) -> Callable[[int], None]:
    """Return a function that takes the address of arguments and calls *call*; the result goes where
    the arguments were."""
    values = ctypes.c_char * (16 * max(1, len(params), len(results)))
    at = values.from_address
    read = struct.Struct("<" + "".join(_FORMATS[param] for param in params)).unpack_from
    if not results:

        def called(address: int) -> None:
            call(*read(at(address)) if params else ())

        return called
    (result,) = results
    write = struct.Struct(_RESULTS[result]).pack_into
    wrap = _WRAPS.get(result)

    def called_for_result(address: int) -> None:
        place = at(address)
        found = call(*read(place))
        write(place, 0, found if wrap is None else found & wrap)

    return called_for_result


def _call(number: int, caller: int, address: int, count: int) -> int:
    try:
        _functions[number](address)
    except BaseException as error:  # host functions do not raise; if one does, the guest ends
        trap = wasmtime.Trap(f"a host function failed: {error!r}")._consume()
        return ctypes.cast(trap, ctypes.c_void_p).value or 0
    return 0


def _drop(number: int, pop: Callable[[int, None], object] = _functions.pop) -> None:
    pop(number, None)  # a default, since at exit a module's names are gone


# Calls of these take the GIL; the types of the last arguments in `_ffi` would make objects of them.
_made = ctypes.CFUNCTYPE(ctypes.c_size_t, *[ctypes.c_void_p] * 3, ctypes.c_size_t)(_call)
_trampoline = ctypes.cast(_made, _ffi.wasmtime_func_unchecked_callback_t)
_forget = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_drop)
