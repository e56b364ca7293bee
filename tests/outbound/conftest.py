from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nexus.outbound.client import OutboundClient

from .caller import LIMITS, Caller
from .name_server import NameServer
from .servers import Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts a server, and closes it after the test."""
    servers: list[Server] = []

    def start(**fields: Any) -> Server:
        servers.append(Server(**fields))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def names() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.close()


@pytest.fixture
def caller(names: NameServer) -> Iterator[Caller]:
    """Sends requests, whose names *names* resolves."""
    found = Caller(names.resolve)
    yield found
    found.close()


@pytest.fixture
def client(names: NameServer) -> Iterator[OutboundClient]:
    """Sends the requests of handlers; *names* resolves names."""
    found = OutboundClient(LIMITS, resolve=names.resolve)
    yield found
    found.close()
