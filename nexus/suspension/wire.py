"""Messages between workers: a length of four bytes, then JSON."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import Any, Final

from nexus import errors
from nexus.errors import InternalError, NexusError, SuspensionGone
from nexus.model import ExecutionResult, ExtensionAnswer, SuspensionInfo

_LENGTH_BYTES: Final = 4
_MOST_BYTES: Final = 256 << 20
"""no request body and no result comes near it; more is no message of ours"""

_CARRIED: Final = {
    kind.__name__: kind
    for kind in (
        errors.SuspensionNotFound,
        errors.SuspensionConflict,
        errors.SuspensionGone,
        errors.ConcurrencyLimit,
        errors.Overloaded,
        errors.ShuttingDown,
    )
}
"""errors that mean the same in another worker; others stay what they are: internal"""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message. Raises: OSError."""
    content = json.dumps(message).encode()
    connection.sendall(len(content).to_bytes(_LENGTH_BYTES, "big") + content)


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Receive one message; None: the other side is gone. Raises: OSError."""
    length = _receive_bytes(connection, _LENGTH_BYTES)
    if length is None:
        return None
    size = int.from_bytes(length, "big")
    if size > _MOST_BYTES:
        return None
    content = _receive_bytes(connection, size)
    if content is None:
        return None
    message: dict[str, Any] = json.loads(content)
    return message


def _receive_bytes(connection: socket.socket, size: int) -> bytes | None:
    content = bytearray()
    while len(content) < size:
        piece = connection.recv(min(size - len(content), 1 << 20))
        if not piece:
            return None
        content += piece
    return bytes(content)


# ---- what messages carry ----------------------------------------------------------------------


def error_out(error: NexusError) -> dict[str, Any]:
    """An error, for `check` to raise."""
    return {"error": type(error).__name__, "message": str(error)}


def answer_out(answer: ExtensionAnswer) -> dict[str, Any]:
    """An extension's answer, for `answer_in`."""
    return {"ok": answer.ok, "value": answer.value.decode()}


def answer_in(message: dict[str, Any]) -> ExtensionAnswer:
    """The answer of a message that carries one."""
    return ExtensionAnswer(message["ok"], message["value"].encode())


def check(message: dict[str, Any] | None) -> dict[str, Any]:
    """Return what another worker answered.

    Raises: SuspensionGone where there is no answer; the error that it answered with.
    """
    if message is None:
        raise SuspensionGone("the worker that had the suspended execution ended")
    if "error" in message:
        kind = _CARRIED.get(message["error"])
        text = message["message"]
        raise kind(text) if kind is not None else InternalError(text)
    return message


def result_in(message: dict[str, Any]) -> ExecutionResult:
    """The result of a message that carries one."""
    return ExecutionResult(**message["result"])


def infos_out(infos: list[SuspensionInfo]) -> dict[str, Any]:
    """Suspensions, for `infos_in`."""
    return {"infos": [asdict(info) for info in infos]}


def infos_in(message: dict[str, Any]) -> list[SuspensionInfo]:
    """The suspensions of a message that carries some."""
    return [SuspensionInfo(**fields) for fields in message["infos"]]
