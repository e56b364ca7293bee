"""Functions `http_…` of the import module `nexus`: outbound requests, for guests in WebAssembly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nexus.guest.host.arguments import MASK, give, read_value, with_status
from nexus.guest.host.outbound import body_of, outcome_json, read_request
from nexus.guest.host.status import OK
from nexus.guest.preview1.process import Process
from nexus.model import FuncType

_PARAMETERS: Final = {
    "http_body": 2,
    "http_cancel": 1,
    "http_read": 1,
    "http_result": 2,
    "http_start": 4,
    "http_wait": 1,
}
SIGNATURES: Final[Mapping[str, FuncType]] = {
    name: FuncType(("i32",) * count, ("i32",)) for name, count in _PARAMETERS.items()
}


def _http_start(process: Process, head: int, head_size: int, body: int, body_size: int) -> int:
    services = process.services()
    services.limit_outbound(body_size & MASK)
    given = bytes(process.memory.view(body, body_size))
    return services.start_outbound(read_request(read_value(process, head, head_size), given))


def _http_wait(process: Process, timeout_ms: int) -> int:
    ended = process.services().wait_outbound(None if timeout_ms < 0 else timeout_ms / 1000)
    return 0 if ended is None else ended[0]


def _http_result(process: Process, buffer: int, size: int) -> int:
    return give(process, outcome_json(*process.services().last_outcome()), buffer, size)


def _http_body(process: Process, buffer: int, size: int) -> int:
    return give(process, body_of(process.services().last_outcome()[1]), buffer, size)


def _http_read(process: Process, number: int) -> int:
    process.services().read_outbound(number)
    return OK


def _http_cancel(process: Process, number: int) -> int:
    process.services().cancel_outbound(number)
    return OK


IMPLEMENTATIONS: Final[Mapping[str, Callable[..., int]]] = {
    function.__name__.removeprefix("_"): with_status(function)
    for function in (_http_body, _http_cancel, _http_read, _http_result, _http_start, _http_wait)
}
