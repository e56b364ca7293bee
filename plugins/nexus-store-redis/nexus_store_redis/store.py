"""The store: each call sends one script to the server and waits for the answer, up to its time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from nexus.plugin_api.stores import (
    Entry,
    NotACounter,
    StoreFull,
    StoreUnavailable,
    Terms,
)
from nexus_store_redis.script import SCRIPT

_SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_KEYS: Final = ("v", "k", "t", "b")


class RedisStore:
    """See `nexus.plugin_api.stores.Store`."""

    is_remote = True

    def __init__(self, url: str, prefix: str, connect_timeout_s: float) -> None:
        """Use the server at *url*; the first call connects. *prefix*: how all keys begin."""
        self._prefix = prefix
        self._pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=connect_timeout_s,
            socket_timeout=connect_timeout_s,  # redis-py's greeting waits so long, too
            retry=Retry(NoBackoff(), 0),  # a repeated write could count twice
        )

    def get(self, namespace: str, key: str, timeout_s: float) -> bytes | None:
        found: bytes | None = self._call(timeout_s, namespace, "get", key)
        return found

    def put(self, namespace: str, key: str, value: bytes, terms: Terms) -> None:
        self._call(terms.timeout_s, namespace, "put", key, value, *_limits(terms))

    def delete(self, namespace: str, key: str, timeout_s: float) -> None:
        self._call(timeout_s, namespace, "delete", key)

    def list(
        self, namespace: str, prefix: str, after: str, most: int, timeout_s: float
    ) -> Sequence[Entry]:
        start, end = prefix.encode(), after.encode()
        first = b"(" + end if end >= start else b"[" + start
        last = b"(" + start + b"\xff"  # sorts after all of them: no UTF-8 has this byte
        found = self._call(timeout_s, namespace, "list", "", first, last, most)
        return [
            Entry(name.decode(), int(float(expires)) if expires else None)
            for name, expires in zip(found[::2], found[1::2], strict=True)
        ]

    def increment(self, namespace: str, key: str, by: int, terms: Terms) -> int:
        return int(self._call(terms.timeout_s, namespace, "increment", key, by, *_limits(terms)))

    def compare_and_set(
        self, namespace: str, key: str, expected: bytes | None, value: bytes | None, terms: Terms
    ) -> bool:
        given = int(expected is not None), int(value is not None), expected or b""
        words = (value or b"", *_limits(terms), *given)
        return bool(self._call(terms.timeout_s, namespace, "swap", key, *words) == b"1")

    def close(self) -> None:
        self._pool.disconnect()

    def _call(self, timeout_s: float, namespace: str, *arguments: str | bytes | int) -> Any:
        tag = f"{self._prefix}{{{namespace}}}:"
        words = (len(_KEYS), *(tag + name for name in _KEYS), *arguments)
        deadline = time.monotonic() + timeout_s
        try:
            try:
                answer = self._send(deadline, "EVALSHA", _SHA, *words)
            except NoScriptError:
                answer = self._send(deadline, "EVAL", SCRIPT, *words)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"redis: {error}") from error
        outcome, *found = answer
        if outcome == b"full":
            raise StoreFull(
                f"the namespace would have {found[0].decode()} bytes, more than allowed"
            )
        if outcome == b"nan":
            raise NotACounter("the value is not a whole number in decimal, or the sum is too large")
        return found[0] if found else None

    def _send(self, deadline: float, *words: str | bytes | int) -> Any:
        """Return the server's answer. Raises: RedisError, OSError."""
        connection: Any = self._pool.get_connection()
        try:
            connection.send_command(*words)
            if not connection.can_read(max(0.0, deadline - time.monotonic())):
                raise redis.TimeoutError("the server did not answer in time")
            return connection.read_response()
        except redis.ResponseError:
            raise  # a whole answer: the connection can be used again
        except BaseException:
            connection.disconnect()  # its answer may still come
            raise
        finally:
            self._pool.release(connection)


def _limits(terms: Terms) -> tuple[str | int, int]:
    return "" if terms.ttl_ms is None else terms.ttl_ms, terms.most_bytes
