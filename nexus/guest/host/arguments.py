"""Arguments and answers of functions of the module `nexus`, in the guest's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nexus.guest.host.status import FAULT, INVALID, Declined
from nexus.guest.preview1.errno import Refused
from nexus.guest.preview1.process import Process
from nexus.plugin_api.capabilities import MAX_KEY_BYTES

MASK: Final = 0xFFFFFFFF  # engines pass i32 signed


def read_key(process: Process, pointer: int, size: int) -> str:
    """Return a key of the guest's. Raises: Declined, Refused."""
    view = process.memory.view(pointer, size)
    if len(view) > MAX_KEY_BYTES:
        raise Declined(INVALID, f"a key of {len(view)} bytes")
    try:
        return bytes(view).decode()
    except UnicodeDecodeError as error:
        raise Declined(INVALID, "a key that is not UTF-8") from error


def read_value(process: Process, pointer: int, size: int) -> bytes:
    """Return a value of the guest's, which a limit holds small. Raises: Refused."""
    view = process.memory.view(pointer, size)
    process.services().limit_value(len(view))
    return bytes(view)


def give(process: Process, content: bytes, buffer: int, size: int) -> int:
    """Write *content* if the buffer has room for all of it; return the length of *content*."""
    if len(content) <= size & MASK:
        process.memory.write(buffer, content)
    return len(content)


def with_status(function: Callable[..., int]) -> Callable[..., int]:
    """Return *function* with its errors as statuses."""

    def call(process: Process, *arguments: int) -> int:
        try:
            return function(process, *arguments)
        except Declined as declined:
            return declined.status
        except Refused:  # an address outside the guest's memory
            return FAULT

    return call
