"""Functions of the import module `nexus`, for guests in WebAssembly: `docs/abi.md`.

Guests pass strings and JSON values as a pointer and a length. The host writes a result to the
guest's buffer and returns its length; if the buffer is too small, it only returns the length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.guest.host import key_value_imports, outbound_imports
from nexus.guest.host.arguments import give, read_key, read_value, with_status
from nexus.guest.host.status import FAILED, OK, STOPPED
from nexus.guest.json_text import to_json
from nexus.guest.preview1.link import guarded
from nexus.guest.preview1.process import Process
from nexus.model import ExtensionAnswer, FuncType
from nexus.plugin_api.engine import HostFunction, HostFunctions

MODULE: Final = "nexus"

_I64: Final = ("i64",)
_I32: Final = ("i32",)

_PARAMETERS: Final = {
    "args": 2,
    "emit": 4,
    "ext_call": 6,
    "ext_result": 2,
    "log": 3,
    "scope": 2,
    "state_delete": 2,
    "state_get": 4,
    "state_has": 2,
    "state_keys": 2,
    "state_set": 4,
    "time": 0,
    "view": 6,
}
SIGNATURES: Final[Mapping[str, FuncType]] = {
    **{
        name: FuncType(_I32 * count, _I64 if name == "time" else _I32)
        for name, count in _PARAMETERS.items()
    },
    **key_value_imports.SIGNATURES,
    **outbound_imports.SIGNATURES,
}


def host_functions(process: Process) -> HostFunctions:
    """Make all functions of the module `nexus` for *process*."""
    return {
        (MODULE, name): HostFunction(
            signature,
            guarded(process, name, _IMPLEMENTATIONS[name], True, stopped=STOPPED, failed=STOPPED),
        )
        for name, signature in SIGNATURES.items()
    }


def _state_get(process: Process, key: int, key_size: int, buffer: int, size: int) -> int:
    value = process.services().state_get(read_key(process, key, key_size))
    return give(process, value, buffer, size)


def _state_has(process: Process, key: int, key_size: int) -> int:
    return int(process.services().state_has(read_key(process, key, key_size)))


def _state_keys(process: Process, buffer: int, size: int) -> int:
    return give(process, to_json(process.services().state_keys()), buffer, size)


def _state_set(process: Process, key: int, key_size: int, value: int, value_size: int) -> int:
    services = process.services()
    services.state_set(read_key(process, key, key_size), read_value(process, value, value_size))
    return OK


def _state_delete(process: Process, key: int, key_size: int) -> int:
    process.services().state_delete(read_key(process, key, key_size))
    return OK


def _emit(process: Process, name: int, name_size: int, payload: int, payload_size: int) -> int:
    services = process.services()
    services.emit(read_key(process, name, name_size), read_value(process, payload, payload_size))
    return OK


def _view(
    process: Process,
    command: int,
    command_size: int,
    view: int,
    view_size: int,
    arguments: int,
    arguments_size: int,
) -> int:
    process.services().view(
        read_key(process, command, command_size),
        read_key(process, view, view_size),
        read_value(process, arguments, arguments_size),
    )
    return OK


def _ext_call(
    process: Process,
    name: int,
    name_size: int,
    method: int,
    method_size: int,
    arguments: int,
    arguments_size: int,
) -> int:
    answer = process.services().call_extension(
        read_key(process, name, name_size),
        read_key(process, method, method_size),
        read_value(process, arguments, arguments_size),
    )
    # Only guests of an ABI that can defer get another answer (`Abi.can_defer`).
    assert isinstance(answer, ExtensionAnswer)
    return len(answer.value) if answer.ok else FAILED


def _ext_result(process: Process, buffer: int, size: int) -> int:
    return give(process, process.services().answer, buffer, size)


def _args(process: Process, buffer: int, size: int) -> int:
    return give(process, process.services().args, buffer, size)


def _scope(process: Process, buffer: int, size: int) -> int:
    return give(process, process.services().scope, buffer, size)


def _log(process: Process, level: int, text: int, size: int) -> int:
    process.services().log(level, read_value(process, text, size))
    return OK


def _time(process: Process) -> int:
    return process.services().time_ms()


_IMPLEMENTATIONS: Final[Mapping[str, Callable[..., int]]] = {
    **{
        function.__name__.removeprefix("_"): with_status(function)
        for function in (
            *(_args, _emit, _ext_call, _ext_result, _log, _scope, _state_delete, _state_get),
            *(_state_has, _state_keys, _state_set, _time, _view),
        )
    },
    **key_value_imports.IMPLEMENTATIONS,
    **outbound_imports.IMPLEMENTATIONS,
}
