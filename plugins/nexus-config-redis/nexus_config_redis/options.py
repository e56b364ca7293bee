"""Names the server and the hash, by environment variables: settings are not read yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nexus.plugin_api.errors import ConfigError

PREFIX = "NEXUS_CONFIG_REDIS_"
DEFAULT_KEY = "nexus:settings"
DEFAULT_POLL_MS = 1000
_POLL_MS = range(100, 3_600_001)
_URL = "redis://HOST:PORT/DATABASE, rediss:// for TLS, or unix:///PATH"


@dataclass(frozen=True)
class Options:
    """The options of a `RedisSource`."""

    url: str = field(repr=False)  # may hold a password
    key: str = DEFAULT_KEY
    """the key of the hash"""
    password: str | None = field(default=None, repr=False)
    """replaces the password in *url*"""
    poll_s: float = DEFAULT_POLL_MS / 1000
    """how often the hash is read even without a notification"""

    @property
    def name(self) -> str:
        """Return the server and the hash in words, without user and password."""
        found = connection_arguments(self.url)
        server = found.get("path") or f"{found.get('host', 'localhost')}:{found.get('port', 6379)}"
        return f"redis {server}/{self.database} {self.key}"

    @property
    def database(self) -> int:
        """Return the database's number."""
        return int(connection_arguments(self.url).get("db", 0))


def options_from(environ: Mapping[str, str]) -> Options | None:
    """Read the options; return None if no server is named.

    Raises: ConfigError, one line for each mistake; values that may hold secrets are not shown.
    """
    url = environ.get(f"{PREFIX}URL")
    if url is None:
        return None
    problems = []
    try:
        connection_arguments(url)
    except ValueError:  # its message may quote a secret in place of the port
        problems.append(_problem("URL", "something else", _URL))
    key = environ.get(f"{PREFIX}KEY", DEFAULT_KEY)
    if not key:
        problems.append(_problem("KEY", "nothing", "the name of a hash"))
    poll_ms = environ.get(f"{PREFIX}POLL_MS", str(DEFAULT_POLL_MS))
    if not re.fullmatch(r"[0-9]{1,7}", poll_ms) or int(poll_ms) not in _POLL_MS:
        allowed = f"a whole number from {_POLL_MS.start} to {_POLL_MS.stop - 1}"
        problems.append(_problem("POLL_MS", repr(poll_ms[:80]), allowed))
    if problems:
        raise ConfigError(problems)
    return Options(url, key, environ.get(f"{PREFIX}PASSWORD"), int(poll_ms) / 1000)


def connection_arguments(url: str) -> dict[str, Any]:
    """Return the connection arguments that redis-py reads from *url*. Raises: ValueError."""
    from redis.connection import parse_url

    return dict(parse_url(url))  # type: ignore[no-untyped-call]


def _problem(name: str, found: str, allowed: str) -> str:
    return f"environment variable {PREFIX}{name}: found {found}, allowed: {allowed}"
