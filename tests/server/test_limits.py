"""How long clients may take, and how many of them there may be."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from nexus import config
from nexus.server import limits
from nexus.server.limits import GRACE_S, Allowance, ClientLimits, most_connections


def test_they_are_what_the_settings_say(tmp_path: Path) -> None:
    environ = {
        "NEXUS_HTTP_HEAD_TIMEOUT_MS": "1500",
        "NEXUS_HTTP_BODY_TIMEOUT_MS": "2500",
        "NEXUS_HTTP_SEND_TIMEOUT_MS": "3500",
        "NEXUS_HTTP_MIN_BYTES_PER_SECOND": "10",
        "NEXUS_MAX_REQUEST_BYTES": "99",
        "NEXUS_MAX_VERSION_MB": "2",  # a deployed version may be larger than a request
    }
    found = ClientLimits.of(config.load({}, environ, tmp_path).settings)
    assert found == ClientLimits(1.5, 2.5, 3.5, 10, 2 << 20)
    head = found.head()
    assert head.until() == head.since_s + 1.5


def test_a_body_timeout_not_set_is_http_timeout(tmp_path: Path) -> None:
    settings = config.load({}, {"HTTP_TIMEOUT": "7000"}, tmp_path).settings
    assert (settings.http_body_timeout_ms, settings.http_send_timeout_ms) == (7000, 60_000)


def test_each_byte_extends_a_wait_up_to_its_end() -> None:
    allowance = Allowance(100, 10)
    assert allowance.until() == allowance.since_s + GRACE_S
    allowance.bytes = 20
    assert allowance.until() == allowance.since_s + GRACE_S + 2
    allowance.bytes = 1 << 20
    assert allowance.until() == allowance.since_s + 100


def test_without_a_least_rate() -> None:
    allowance = Allowance(100)
    assert allowance.until() == allowance.since_s + 100


def test_rates() -> None:
    allowance = Allowance(100)
    allowance.bytes = 30
    assert allowance.rate(allowance.since_s + 0.5) == float("inf")
    assert allowance.rate(allowance.since_s + 10) == 3


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "raised_to"),
    [
        (256, 256, 192, None),
        (100, 100, 36, None),
        (20, 20, 1, None),
        (1024, 4096, 3072, 4096),
        (1024, 1 << 20, 16384, 21846),
        (1024, -1, 16384, 21846),
        (1 << 20, 1 << 20, 16384, None),
        (-1, -1, 16384, None),
    ],
)
def test_connections_follow_from_descriptors(
    monkeypatch: pytest.MonkeyPatch,
    soft: int,
    hard: int,
    connections: int,
    raised_to: int | None,
) -> None:
    raised: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, to: raised.append(to[0]))
    assert most_connections() == connections
    assert raised == ([] if raised_to is None else [raised_to])
    assert limits.MOST_CONNECTIONS == 16384
