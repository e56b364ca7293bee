"""The key-value calls of one run: checks each against the manifest, bounds and measures it."""

from __future__ import annotations

import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from nexus.model import KeyValueUse
from nexus.plugin_api.capabilities import MAX_KEY_BYTES, check_key
from nexus.plugin_api.filters import CallObserver, KeyValueCall
from nexus.plugin_api.guest import KeyValueDenied, Listed, Run
from nexus.plugin_api.stores import (
    MAX_COUNT,
    MAX_LISTED,
    MAX_VALUE_BYTES,
    Store,
    StoreError,
    StoreUnavailable,
    Terms,
)
from nexus.stores.grants import stored_as

R = TypeVar("R")

MAX_TTL_MS: Final = 10 * 365 * 24 * 3_600_000


class Session:
    """See `nexus.plugin_api.guest.KeyValue`. Only the guest's own thread uses it."""

    def __init__(
        self,
        run: Run,
        handler: str,
        grants: Mapping[str, bool],
        store: Store,
        most_bytes: int,
        timeout_s: float,
    ) -> None:
        """*grants*: whether each namespace may be written; *timeout_s*: the longest that a call may
        take, within the run's deadline."""
        self._run, self._handler, self._grants, self._store = run, handler, grants, store
        self._most_bytes, self._timeout_s = most_bytes, timeout_s
        self._use = run.usage.key_value = KeyValueUse()
        self.observer: CallObserver | None = None

    def get(self, namespace: str, key: str) -> bytes | None:
        name = self._reading(namespace, key)
        found = self._call("get", namespace, lambda: self._store.get(name, key, self._left_s()))
        self._use.read_bytes += len(found or b"")
        return found

    def put(self, namespace: str, key: str, value: bytes, ttl_ms: int | None) -> None:
        name, terms = self._writing(namespace, key, ttl_ms, value)
        self._call("put", namespace, lambda: self._store.put(name, key, value, terms))

    def delete(self, namespace: str, key: str) -> None:
        name, terms = self._writing(namespace, key, None)
        self._call("delete", namespace, lambda: self._store.delete(name, key, terms.timeout_s))

    def list(self, namespace: str, prefix: str, cursor: str, most: int) -> Listed:
        if not 1 <= most <= MAX_LISTED:
            raise ValueError(f"a limit of {most}; allowed are 1 to {MAX_LISTED}")
        name, after = self._reading(namespace, prefix or "-"), _after(cursor)
        found = self._call(
            "list",
            namespace,
            lambda: self._store.list(name, prefix, after, most + 1, self._left_s()),
        )
        kept = found[:most]
        return Listed(kept, _cursor(kept[-1].key) if len(found) > most else "")

    def increment(self, namespace: str, key: str, by: int, ttl_ms: int | None) -> int:
        if abs(by) > MAX_COUNT:
            raise ValueError(f"{by} exceeds {MAX_COUNT}, the largest count")
        name, terms = self._writing(namespace, key, ttl_ms)
        return self._call(
            "increment", namespace, lambda: self._store.increment(name, key, by, terms)
        )

    def compare_and_set(
        self,
        namespace: str,
        key: str,
        expected: bytes | None,
        value: bytes | None,
        ttl_ms: int | None,
    ) -> bool:
        name, terms = self._writing(namespace, key, ttl_ms, value or b"")
        return self._call(
            "compare_and_set",
            namespace,
            lambda: self._store.compare_and_set(name, key, expected, value, terms),
        )

    # ---- rules ---------------------------------------------------------------------------------

    def _reading(self, namespace: str, key: str) -> str:
        """Return the namespace's name in the store."""
        check_key(key)
        if namespace not in self._grants:
            raise KeyValueDenied(f"the handler's manifest does not grant kv {namespace}:r")
        return stored_as(namespace, self._handler)

    def _writing(
        self, namespace: str, key: str, ttl_ms: int | None, value: bytes = b""
    ) -> tuple[str, Terms]:
        """Return the namespace's name in the store, and the terms of a write."""
        check_key(key)
        if not self._grants.get(namespace):
            raise KeyValueDenied(f"the handler's manifest does not grant kv {namespace}:rw")
        if len(value) > MAX_VALUE_BYTES:
            raise ValueError(f"a value of {len(value)} bytes; allowed are {MAX_VALUE_BYTES}")
        if ttl_ms is not None and not 1 <= ttl_ms <= MAX_TTL_MS:
            raise ValueError("a time to live is at least 1 ms, and up to 10 years")
        self._use.written_bytes += len(value)
        if not self._store.is_remote:
            self._run.give_way()  # the disk takes a moment
        return stored_as(namespace, self._handler), Terms(self._left_s(), self._most_bytes, ttl_ms)

    def _left_s(self) -> float:
        return min(self._timeout_s, self._run.deadline - time.monotonic())

    def _call(self, operation: str, namespace: str, call: Callable[[], R]) -> R:
        run, began, outcome = self._run, time.monotonic(), "ok"
        try:
            if run.deadline <= began:
                raise StoreUnavailable("the execution's deadline is over")
            if self._store.is_remote:
                run.give_way()
            return call()
        except StoreError as error:
            outcome = "unavailable" if isinstance(error, StoreUnavailable) else "refused"
            raise
        finally:
            took = time.monotonic() - began
            self._use.count(operation, outcome, took)
            if self.observer is not None:
                ended = KeyValueCall(operation, namespace, outcome, began, took)
                self.observer.key_value(ended)


def _cursor(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _after(cursor: str) -> str:
    """Return the key that *cursor* stands for. Raises: ValueError."""
    if len(cursor) > 2 * MAX_KEY_BYTES:
        raise ValueError("a cursor that no list returned")
    try:
        return b64decode(cursor.encode("ascii"), b"-_", validate=True).decode()
    except ValueError as error:
        raise ValueError("a cursor that no list returned") from error
