"""A hash in Redis as a source of settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from nexus.plugin_api.config_source import Closer
from nexus_config_redis.options import Options
from nexus_config_redis.watch import Watch

TIMEOUT_S = 2.0
"""How long to wait for a connection, and for an answer, before the read fails: a server that does
not answer must not delay a start for longer."""


class RedisSource:
    """The settings in one hash: maps their names to their text."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.name = options.name

    def read(self) -> Mapping[str, object]:
        """Return the whole hash at one moment, or an empty mapping if there is no such key.

        Raises: ValueError if the key is not a hash; OSError.
        """
        with self._connect() as client:
            return self._read(client)

    def watch(self, changed: Callable[[], None]) -> Closer:
        """Call *changed* when the hash changes: on the server's notifications, and by polling."""
        options = self._options
        channel = f"__keyspace@{options.database}__:{options.key}"
        return Watch(self._connect, self._read, channel, options.poll_s, changed)

    def _connect(self) -> redis.Redis:
        """Return a client; it connects when it is first used."""
        given = {} if self._options.password is None else {"password": self._options.password}
        return redis.Redis.from_url(
            self._options.url,
            decode_responses=True,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),  # the caller tries again, and reports it
            **given,
        )

    def _read(self, client: redis.Redis) -> dict[str, object]:
        try:
            return dict(cast("dict[str, object]", client.hgetall(self._options.key)))
        except redis.ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                raise ValueError("is no hash") from error
            raise ConnectionError(str(error)) from error
        except redis.RedisError as error:
            raise ConnectionError(str(error)) from error
        except UnicodeDecodeError as error:
            raise ValueError(f"holds something that is not UTF-8: {error.reason}") from error
