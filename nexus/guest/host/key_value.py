"""Key-value calls of guests: as messages, and the errors of all of them as statuses.

Each message is a line like those of `messages.py`, then the value as bytes; the answer to `kv_get`
is the value itself, every other answer is JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from nexus.guest.host.status import (
    DENIED,
    INVALID,
    NOT_FOUND,
    STORE_FULL,
    STORE_UNAVAILABLE,
    Declined,
)
from nexus.guest.json_text import to_json
from nexus.plugin_api.guest import KeyValue, KeyValueDenied, Listed, Run
from nexus.plugin_api.stores import MAX_VALUE_BYTES, StoreError, StoreFull, StoreUnavailable

R = TypeVar("R")

PREFIX: Final = "kv_"
NO_NAMESPACE: Final = "the handler's manifest grants no namespace in kv"


def call_store(run: Run, call: Callable[[KeyValue], R]) -> R:
    """Return what *call* returns. Raises: Declined."""
    if run.key_value is None:
        raise Declined(DENIED, NO_NAMESPACE)
    try:
        return call(run.key_value)
    except KeyValueDenied as error:
        raise Declined(DENIED, str(error)) from error
    except StoreUnavailable as error:
        raise Declined(STORE_UNAVAILABLE, str(error)) from error
    except StoreFull as error:
        raise Declined(STORE_FULL, str(error)) from error
    except (StoreError, ValueError) as error:
        raise Declined(INVALID, str(error)) from error


def answer_message(run: Run, words: Sequence[Any], value: bytes) -> bytes:
    """Answer a message whose first word begins with `PREFIX`. Raises: Declined."""
    match list(words):
        case ["kv_get", str(namespace), str(key)]:
            found = call_store(run, lambda kv: kv.get(namespace, key))
            if found is None:
                raise Declined(NOT_FOUND, f"there is no key {key!r}")
            return found
        case ["kv_put", str(namespace), str(key), (int() | None) as ttl]:
            call_store(run, lambda kv: kv.put(namespace, key, value, ttl))
            return to_json(None)
        case ["kv_delete", str(namespace), str(key)]:
            call_store(run, lambda kv: kv.delete(namespace, key))
            return to_json(None)
        case ["kv_list", str(namespace), str(prefix), str(cursor), int(most)]:
            return listed_json(call_store(run, lambda kv: kv.list(namespace, prefix, cursor, most)))
        case ["kv_increment", str(namespace), str(key), int(by), (int() | None) as ttl]:
            return to_json(call_store(run, lambda kv: kv.increment(namespace, key, by, ttl)))
        case ["kv_swap", str(namespace), str(key), (int() | None) as size, bool(sets), ttl]:
            expected, new = _two(value, size, sets)
            return to_json(
                call_store(run, lambda kv: kv.compare_and_set(namespace, key, expected, new, ttl))
            )
        case _:
            raise Declined(INVALID, "there is no such call")


def listed_json(found: Listed) -> bytes:
    """Return a list as JSON; `expiration` in seconds since 1970, like in Workers KV."""
    keys = [
        {"name": key} if expires_ms is None else {"name": key, "expiration": expires_ms / 1000}
        for key, expires_ms in found.entries
    ]
    more = {"cursor": found.cursor} if found.cursor else {}
    return to_json({"keys": keys, "list_complete": not found.cursor, **more})


def _two(value: bytes, size: int | None, sets: bool) -> tuple[bytes | None, bytes | None]:
    """Split *value* into the expected value of *size* bytes (None: no such key) and the new one."""
    if size is not None and not 0 <= size <= MAX_VALUE_BYTES:
        raise Declined(INVALID, f"an expected value of {size} bytes")
    expected = None if size is None else value[:size]
    return expected, value[size or 0 :] if sets else None
