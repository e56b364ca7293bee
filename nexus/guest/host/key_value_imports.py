"""Functions `kv_…` of the import module `nexus`: the key-value store, for guests in WebAssembly.

`kv_get` and `kv_list` keep their answer for `kv_result`, so that a value that changes between two
calls cannot be torn. A namespace without a name is the handler's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.guest.host.arguments import MASK, give, read_key, with_status
from nexus.guest.host.key_value import listed_json
from nexus.guest.host.status import INVALID, NOT_FOUND, OK, Declined
from nexus.guest.preview1.process import Process
from nexus.model import FuncType
from nexus.plugin_api.stores import MAX_VALUE_BYTES

_OWN: Final = "self"
_ABSENT: Final = MASK
"""a length of -1: no such key"""

_PARAMETERS: Final = {
    "kv_get": ("i32",) * 4,
    "kv_result": ("i32",) * 2,
    "kv_put": (*("i32",) * 6, "i64"),
    "kv_delete": ("i32",) * 4,
    "kv_list": ("i32",) * 7,
    "kv_increment": (*("i32",) * 4, "i64", "i64", "i32"),
    "kv_compare_and_set": (*("i32",) * 8, "i64"),
}
SIGNATURES: Final[Mapping[str, FuncType]] = {
    name: FuncType(parameters, ("i32",)) for name, parameters in _PARAMETERS.items()
}


def _kv_get(process: Process, space: int, space_size: int, key: int, key_size: int) -> int:
    services = process.services()
    services.answer = b""
    namespace, name = _namespace(process, space, space_size), read_key(process, key, key_size)
    found = services.call_store(lambda kv: kv.get(namespace, name))
    if found is None:
        return NOT_FOUND
    services.answer = found
    return len(found)


def _kv_result(process: Process, buffer: int, size: int) -> int:
    return give(process, process.services().answer, buffer, size)


def _kv_put(
    process: Process,
    space: int,
    space_size: int,
    key: int,
    key_size: int,
    value: int,
    value_size: int,
    ttl_ms: int,
) -> int:
    namespace, name = _namespace(process, space, space_size), read_key(process, key, key_size)
    content = _value(process, value, value_size)
    process.services().call_store(lambda kv: kv.put(namespace, name, content, ttl_ms or None))
    return OK


def _kv_delete(process: Process, space: int, space_size: int, key: int, key_size: int) -> int:
    namespace, name = _namespace(process, space, space_size), read_key(process, key, key_size)
    process.services().call_store(lambda kv: kv.delete(namespace, name))
    return OK


def _kv_list(
    process: Process,
    space: int,
    space_size: int,
    prefix: int,
    prefix_size: int,
    cursor: int,
    cursor_size: int,
    most: int,
) -> int:
    services = process.services()
    services.answer = b""
    namespace, first = (
        _namespace(process, space, space_size),
        read_key(process, prefix, prefix_size),
    )
    view = process.memory.view(cursor, cursor_size)
    after = bytes(view[:MAX_VALUE_BYTES]).decode("ascii", "replace")
    found = services.call_store(lambda kv: kv.list(namespace, first, after, most))
    services.answer = listed_json(found)
    return len(services.answer)


def _kv_increment(
    process: Process,
    space: int,
    space_size: int,
    key: int,
    key_size: int,
    by: int,
    ttl_ms: int,
    result: int,
) -> int:
    namespace, name = _namespace(process, space, space_size), read_key(process, key, key_size)
    process.memory.view(result, 8)  # an address outside the memory must not count
    services = process.services()
    total = services.call_store(lambda kv: kv.increment(namespace, name, by, ttl_ms or None))
    process.memory.write(result, total.to_bytes(8, "little", signed=True))
    return OK


def _kv_compare_and_set(
    process: Process,
    space: int,
    space_size: int,
    key: int,
    key_size: int,
    expected: int,
    expected_size: int,
    value: int,
    value_size: int,
    ttl_ms: int,
) -> int:
    namespace, name = _namespace(process, space, space_size), read_key(process, key, key_size)
    old, new = _optional(process, expected, expected_size), _optional(process, value, value_size)
    services = process.services()
    return int(
        services.call_store(
            lambda kv: kv.compare_and_set(namespace, name, old, new, ttl_ms or None)
        )
    )


def _namespace(process: Process, pointer: int, size: int) -> str:
    return read_key(process, pointer, size) if size else _OWN


def _value(process: Process, pointer: int, size: int) -> bytes:
    view = process.memory.view(pointer, size)
    if len(view) > MAX_VALUE_BYTES:
        raise Declined(INVALID, f"a value of {len(view)} bytes; allowed are {MAX_VALUE_BYTES}")
    return bytes(view)


def _optional(process: Process, pointer: int, size: int) -> bytes | None:
    return None if size & MASK == _ABSENT else _value(process, pointer, size)


IMPLEMENTATIONS: Final[Mapping[str, Callable[..., int]]] = {
    function.__name__.removeprefix("_"): with_status(function)
    for function in (
        *(_kv_get, _kv_result, _kv_put, _kv_delete, _kv_list, _kv_increment),
        _kv_compare_and_set,
    )
}
