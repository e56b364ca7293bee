from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nexus.outbound.client import OutboundClient
from tests.scripts.support import ENGINES, Scripts

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


@pytest.fixture(scope="module", params=ENGINES)
def script_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scripts]:
    """Each engine, with QuickJS."""
    found = Scripts(request.param, tmp_path_factory.mktemp("engine"))
    yield found
    found.close()


@pytest.fixture
def scripts(script_engine: Scripts, client: OutboundClient) -> Iterator[Scripts]:
    """Runs JavaScript handlers, whose requests *client* sends."""
    script_engine.outbound = client
    yield script_engine
    script_engine.outbound = None
