"""Functions of the import module `nexus`, for guests in WebAssembly: `docs/abi.md`.

Guests pass strings and JSON values as a pointer and a length. The host writes a result to the
guest's buffer and returns its length; if the buffer is too small, it only returns the length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.guest.host.outbound import outcome_json, read_request
from nexus.guest.host.status import FAILED, FAULT, INVALID, OK, STOPPED, Declined
from nexus.guest.json_text import to_json
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.link import guarded
from nexus.guest.preview1.process import Process
from nexus.model import ExtensionAnswer, FuncType, OutboundResponse
from nexus.plugin_api.capabilities import MAX_KEY_BYTES
from nexus.plugin_api.engine import HostFunction, HostFunctions

MODULE: Final = "nexus"

_MASK: Final = 0xFFFFFFFF  # engines pass i32 signed
_I64: Final = ("i64",)
_I32: Final = ("i32",)

_PARAMETERS: Final = {
    "args": 2,
    "emit": 4,
    "ext_call": 6,
    "ext_result": 2,
    "http_body": 2,
    "http_cancel": 1,
    "http_result": 2,
    "http_start": 4,
    "http_wait": 1,
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
    name: FuncType(_I32 * count, _I64 if name == "time" else _I32)
    for name, count in _PARAMETERS.items()
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
    value = process.services().state_get(_key(process, key, key_size))
    return _give(process, value, buffer, size)


def _state_has(process: Process, key: int, key_size: int) -> int:
    return int(process.services().state_has(_key(process, key, key_size)))


def _state_keys(process: Process, buffer: int, size: int) -> int:
    return _give(process, to_json(process.services().state_keys()), buffer, size)


def _state_set(process: Process, key: int, key_size: int, value: int, value_size: int) -> int:
    services = process.services()
    services.state_set(_key(process, key, key_size), _value(process, value, value_size))
    return OK


def _state_delete(process: Process, key: int, key_size: int) -> int:
    process.services().state_delete(_key(process, key, key_size))
    return OK


def _emit(process: Process, name: int, name_size: int, payload: int, payload_size: int) -> int:
    services = process.services()
    services.emit(_key(process, name, name_size), _value(process, payload, payload_size))
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
        _key(process, command, command_size),
        _key(process, view, view_size),
        _value(process, arguments, arguments_size),
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
        _key(process, name, name_size),
        _key(process, method, method_size),
        _value(process, arguments, arguments_size),
    )
    # Only guests of an ABI that can defer get another answer (`Abi.can_defer`).
    assert isinstance(answer, ExtensionAnswer)
    return len(answer.value) if answer.ok else FAILED


def _ext_result(process: Process, buffer: int, size: int) -> int:
    return _give(process, process.services().answer, buffer, size)


def _http_start(process: Process, head: int, head_size: int, body: int, body_size: int) -> int:
    services = process.services()
    services.limit_outbound(body_size & _MASK)
    given = bytes(process.memory.view(body, body_size))
    return services.start_outbound(read_request(_value(process, head, head_size), given))


def _http_wait(process: Process, timeout_ms: int) -> int:
    ended = process.services().wait_outbound(None if timeout_ms < 0 else timeout_ms / 1000)
    return 0 if ended is None else ended[0]


def _http_result(process: Process, buffer: int, size: int) -> int:
    return _give(process, outcome_json(*process.services().last_outcome()), buffer, size)


def _http_body(process: Process, buffer: int, size: int) -> int:
    outcome = process.services().last_outcome()[1]
    body = outcome.body if isinstance(outcome, OutboundResponse) else b""
    return _give(process, body, buffer, size)


def _http_cancel(process: Process, number: int) -> int:
    process.services().cancel_outbound(number)
    return OK


def _args(process: Process, buffer: int, size: int) -> int:
    return _give(process, process.services().args, buffer, size)


def _scope(process: Process, buffer: int, size: int) -> int:
    return _give(process, process.services().scope, buffer, size)


def _log(process: Process, level: int, text: int, size: int) -> int:
    process.services().log(level, _value(process, text, size))
    return OK


def _time(process: Process) -> int:
    return process.services().time_ms()


def _key(process: Process, pointer: int, size: int) -> str:
    view = process.memory.view(pointer, size)
    if len(view) > MAX_KEY_BYTES:
        raise Declined(INVALID, f"a key of {len(view)} bytes")
    try:
        return bytes(view).decode()
    except UnicodeDecodeError as error:
        raise Declined(INVALID, "a key that is not UTF-8") from error


def _value(process: Process, pointer: int, size: int) -> bytes:
    view = process.memory.view(pointer, size)
    process.services().limit_value(len(view))
    return bytes(view)


def _give(process: Process, content: bytes, buffer: int, size: int) -> int:
    """Write *content* if the buffer has room for all of it; return the length of *content*."""
    if len(content) <= size & _MASK:
        process.memory.write(buffer, content)
    return len(content)


def _with_status(function: Callable[..., int]) -> Callable[..., int]:
    def call(process: Process, *arguments: int) -> int:
        try:
            return function(process, *arguments)
        except Declined as declined:
            return declined.status
        except Refused:  # an address outside the guest's memory
            return FAULT

    return call


_IMPLEMENTATIONS: Final[Mapping[str, Callable[..., int]]] = {
    function.__name__.removeprefix("_"): _with_status(function)
    for function in (
        *(_http_body, _http_cancel, _http_result, _http_start, _http_wait),
        *(_args, _emit, _ext_call, _ext_result, _log, _scope, _state_delete, _state_get),
        *(_state_has, _state_keys, _state_set, _time, _view),
    )
}
