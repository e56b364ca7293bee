from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.errors import ConfigError
from nexus.server.start.address import check_addresses
from tests.support import ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_what_is_free_may_be_listened_on() -> None:
    check_addresses([("127.0.0.1", 0), "/run/nexus.sock", 7, ("localhost", 0)])


def test_every_address_that_is_not_free_has_a_line(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [("127.0.0.1", taken), ("127.0.0.1", 0), ("192.0.2.1", 80), ("no.invalid", 80)]
    with pytest.raises(ConfigError) as refused:
        check_addresses(addresses)
    first, second, third = refused.value.problems
    wanted = f"bind: another process listens on 127.0.0.1:{taken}; allowed: an address that is free"
    assert first == wanted
    assert second.startswith("bind: cannot listen on 192.0.2.1:80 (")
    assert third.startswith("bind: cannot listen on no.invalid:80 (")
    monkeypatch.setenv("GUNICORN_FD", "3")  # a new master takes the old one's sockets
    check_addresses(addresses)


@pytest.mark.parametrize(
    "command", [["-m", "gunicorn"], ["-c", "from nexus.cli import main; main()", "serve"]]
)
def test_a_port_in_use_is_one_line(taken: int, tmp_path: Path, command: list[str]) -> None:
    environ = {
        **os.environ,
        "NEXUS_BIND": f"127.0.0.1:{taken}",
        "NEXUS_HANDLERS_DIR": str(tmp_path),
        "NEXUS_CACHE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environ, capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        f"error: bind: another process listens on 127.0.0.1:{taken}; "
        "allowed: an address that is free"
    ]
    assert b"Connection in use" not in done.stdout
