"""One daemon thread that notices when the hash changes.

Notifications (`notify-keyspace-events Kgh`) come at once, but a server sends none unless it is set
up so, and loses those of the time in which nobody is connected. So the hash is looked at, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import redis

SLOWEST_S = 2.0
"""longest between two tries to reach a server that is down"""
_FIRST_S = 0.1


class Watch:
    """Calls *changed* when what *read* says is another, and when the server goes or comes back."""

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
        """what the hash said, or what was wrong, when *changed* was last called"""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nexus-config-redis", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, without waiting for a look under way."""
        self._stop.set()

    def _work(self) -> None:
        wait_s = _FIRST_S
        while not self._stop.wait(wait_s):
            try:
                with self._connect() as client:
                    self._follow(client)
                wait_s = _FIRST_S
            except (redis.RedisError, OSError) as error:
                # Whoever reads now says what is wrong; the text alone may differ from try to try.
                wait_s = _FIRST_S if self._told is not type(error) else min(2 * wait_s, SLOWEST_S)
                self._tell(type(error))

    def _follow(self, client: redis.Redis) -> None:
        """Look at the hash until this is closed. Raises: RedisError, OSError."""
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
