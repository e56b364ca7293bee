"""One daemon thread that notices when the hash changes.

Notifications (`notify-keyspace-events Kgh`) arrive at once, but a server sends them only if it is
configured so, and not while the connection is down. So the thread polls the hash, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import redis

SLOWEST_S = 2.0
"""The longest pause between two attempts to reach a server that is down."""
_FIRST_S = 0.1


class Watch:
    """Calls *changed* when *read* returns another value or the server goes down or comes back."""

    def __init__(
        self,
        connect: Callable[[], redis.Redis],
        read: Callable[[redis.Redis], dict[str, object]],
        channel: str,
        poll_s: float,
        changed: Callable[[], None],
    ) -> None:
        self._connect, self._read, self._changed = connect, read, changed
        self._channel, self._poll_s = channel, poll_s
        self._told: object = None
        """the hash, or its error, when *changed* was last called"""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nexus-config-redis", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, without waiting for a read under way."""
        self._stop.set()

    def _work(self) -> None:
        wait_s = _FIRST_S
        while not self._stop.wait(wait_s):
            try:
                with self._connect() as client:
                    self._follow(client)
                wait_s = _FIRST_S
            except (redis.RedisError, OSError) as error:
                # *changed* reads the settings and reports the error. Types are compared, since the
                # text may differ between attempts.
                wait_s = _FIRST_S if self._told is not type(error) else min(2 * wait_s, SLOWEST_S)
                self._tell(type(error))

    def _follow(self, client: redis.Redis) -> None:
        """Watch the hash until `close` is called. Raises: RedisError, OSError."""
        made = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with closing(made) as notices:
            notices.subscribe(self._channel)
            while not self._stop.is_set():
                self._tell(self._look(client))
                notices.get_message(timeout=self._poll_s)

    def _look(self, client: redis.Redis) -> object:
        try:
            return self._read(client)
        except ValueError as error:
            return str(error)

    def _tell(self, found: object) -> None:
        if found != self._told and not self._stop.is_set():
            self._told = found
            self._changed()
