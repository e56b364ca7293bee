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
"""A larger message is rejected; our request bodies and results are far smaller"""

_CARRIED: Final = {
    kind.__name__: kind
    for kind in (
        errors.SuspensionNotFound,
        errors.SuspensionConflict,
        errors.SuspensionGone,
        errors.ExecutionNotFound,
        errors.ExecutionGone,
        errors.ConcurrencyLimit,
        errors.Overloaded,
        errors.ShuttingDown,
    )
}
"""Errors that keep their meaning in another worker; any other arrives as an InternalError"""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send one message. Raises: OSError."""
    content = json.dumps(message).encode()
    connection.sendall(len(content).to_bytes(_LENGTH_BYTES, "big") + content)


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Receive one message; None if the other side has ended. Raises: OSError."""
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


# ---- contents of messages ---------------------------------------------------------------------


def error_out(error: NexusError) -> dict[str, Any]:
    """Return an error as a message, for `check` to raise."""
    return {"error": type(error).__name__, "message": str(error)}


def answer_out(answer: ExtensionAnswer) -> dict[str, Any]:
    """Return an extension's answer as a message, for `answer_in`."""
    return {"ok": answer.ok, "value": answer.value.decode()}


def answer_in(message: dict[str, Any]) -> ExtensionAnswer:
    """Return the extension's answer in a message."""
    return ExtensionAnswer(message["ok"], message["value"].encode())


def check(message: dict[str, Any] | None) -> dict[str, Any]:
    """Return another worker's answer.

    Raises: SuspensionGone without an answer; the error that the worker answered with.
    """
    if message is None:
        raise SuspensionGone("the worker that had the suspended execution ended")
    if "error" in message:
        kind = _CARRIED.get(message["error"])
        text = message["message"]
        raise kind(text) if kind is not None else InternalError(text)
    return message


def result_in(message: dict[str, Any]) -> ExecutionResult:
    """Return the result in a message."""
    return ExecutionResult(**message["result"])


def infos_out(infos: list[SuspensionInfo]) -> dict[str, Any]:
    """Return suspensions as a message, for `infos_in`."""
    return {"infos": [asdict(info) for info in infos]}


def infos_in(message: dict[str, Any]) -> list[SuspensionInfo]:
    """Return the suspensions in a message."""
    return [SuspensionInfo(**fields) for fields in message["infos"]]
