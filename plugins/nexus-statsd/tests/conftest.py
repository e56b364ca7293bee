"""A StatsD agent that keeps what it is sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from nexus.model import Compiled, Handler, ModuleInfo

INFO = ModuleInfo((), (), 0, 0, False, (), None, False, 0, 0, 0)


class Agent:
    """A real socket, and what came there."""

    def __init__(self, listening: socket.socket) -> None:
        listening.settimeout(5)
        self.socket = listening

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def datagrams(self, last: str) -> list[bytes]:
        """All datagrams up to the one that has a line beginning with *last*."""
        found: list[bytes] = []
        while not any(line.startswith(last.encode()) for line in b"\n".join(found).split(b"\n")):
            found.append(self.socket.recv(65536))
        return found

    def lines(self, last: str = "nexus.queue.depth") -> list[str]:
        return b"\n".join(self.datagrams(last)).decode().split("\n")


@pytest.fixture
def agent() -> Iterator[Agent]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield Agent(listening)


@pytest.fixture
def handler() -> Handler:
    return Handler("hello", "/hello", Compiled("key", b"", INFO, "wasi"))
