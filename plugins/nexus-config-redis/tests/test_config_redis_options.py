"""What the environment may say, and what is said when it is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nexus.errors import ConfigError
from nexus_config_redis.options import Options, options_from
from nexus_config_redis.plugin import nexus_config_sources

URL, KEY, PASSWORD, POLL = (
    f"NEXUS_CONFIG_REDIS_{name}" for name in ("URL", "KEY", "PASSWORD", "POLL_MS")
)


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        options_from(environ)
    return caught.value.problems


def test_without_a_server_there_is_no_source() -> None:
    assert nexus_config_sources({KEY: "k", POLL: "wrong"}) is None


def test_without_a_server_redis_is_not_even_imported() -> None:
    code = (
        "import sys; from nexus_config_redis.plugin import nexus_config_sources as sources;"
        "assert sources({}) is None; sys.exit('redis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_defaults_and_all_options() -> None:
    assert options_from({URL: "redis://h"}) == Options("redis://h", "nexus:settings", None, 1.0)
    environ = {URL: "rediss://h:1/2", KEY: "k", PASSWORD: "p", POLL: "250"}
    assert options_from(environ) == Options("rediss://h:1/2", "k", "p", 0.25)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("redis://user:S3cret@h:1/2", "redis h:1/2 k"),
        ("redis://:S3cret@h", "redis h:6379/0 k"),
        ("redis://", "redis localhost:6379/0 k"),
        ("unix://user:S3cret@/run/r.sock?db=3", "redis /run/r.sock/3 k"),
    ],
)
def test_the_name_says_where_but_not_who(url: str, name: str) -> None:
    options = options_from({URL: url, KEY: "k", PASSWORD: "An0ther"})
    assert options is not None
    assert options.name == name
    assert "S3cret" not in repr(options)
    assert "An0ther" not in repr(options)


@pytest.mark.parametrize(
    "url", ["", "h:6379", "http://h", "redis://u:x@h:S3cret", "redis://h?db=x"]
)
def test_what_is_no_url(url: str) -> None:
    assert problems(**{URL: url}) == [
        f"environment variable {URL}: found something else, allowed: redis://HOST:PORT/DATABASE, "
        "rediss:// for TLS, or unix:///PATH"
    ]


@pytest.mark.parametrize("poll", ["", "99", "3600001", "1s", "-1", "1" * 99])
def test_everything_wrong_is_said_at_once(poll: str) -> None:
    found = problems(**{URL: "redis://h", KEY: "", POLL: poll})
    assert found == [
        f"environment variable {KEY}: found nothing, allowed: the name of a hash",
        f"environment variable {POLL}: found {poll[:80]!r}, "
        "allowed: a whole number from 100 to 3600000",
    ]
