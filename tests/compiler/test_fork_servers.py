"""Handlers are prepared in processes forked from one that has loaded the language runtime."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.support as support
from nexus.compiler import fork_servers as fork_servers_module
from nexus.compiler.artifact import Artifact, Preparation, pack
from nexus.compiler.fork_servers import ForkServers
from nexus.compiler.orders import Order, Prepare, Terms
from nexus.errors import CompilationError
from nexus.model import Compiled
from nexus.plugin_api.abi import RuntimeProgram
from tests.support import until

from .test_compiler import LIMITS, MEMORY, compiler_of

HELLO = b"export default () => new Response('hello');"
ENDLESS = b"for (;;) {}\nexport default () => 1;"


@pytest.fixture(scope="module")
def runtime() -> Compiled:
    """QuickJS, compiled once for this test run."""
    engine = support.engine(*support.QUICK_ENGINES[0])
    compiler = compiler_of(engine, support.shared_cache(), LIMITS)
    compiled = compiler.compile_program(program(HELLO), MEMORY)
    assert compiled.prepared is not None
    return compiled.prepared.runtime


@pytest.fixture
def fork_servers() -> Iterator[ForkServers]:
    made = ForkServers(must_not_run)
    yield made
    for server in list(made._servers.values()):
        server.close()


def must_not_run(order: Order, timeout_s: float) -> Artifact:
    raise AssertionError("it was prepared without a fork server")


def program(source: bytes) -> RuntimeProgram:
    return support.ABIS.of_language("javascript").read_text(source)  # type: ignore[return-value]


def order(runtime: Compiled, source: bytes, *, cpu_s: int = 60) -> Order:
    engine, compiler = support.QUICK_ENGINES[0]
    cache = str(support.shared_cache())
    terms = Terms(engine, compiler, cache, f"key of {source!r}", MEMORY >> 16, 2 << 30, cpu_s)
    return Order(terms, Prepare(program(source), runtime.key, pack(runtime)))


def the_server(fork_servers: ForkServers) -> int:
    (server,) = fork_servers._servers.values()
    return server.process.pid


def test_one_process_serves_all(runtime: Compiled, fork_servers: ForkServers) -> None:
    first = fork_servers.run(order(runtime, HELLO), 60)
    server = the_server(fork_servers)
    second = fork_servers.run(order(runtime, HELLO.replace(b"hello", b"salut")), 60)
    assert the_server(fork_servers) == server
    assert isinstance(first, Preparation)
    assert isinstance(second, Preparation)
    assert first.entry == second.entry
    assert b"salut" in bytes(second.snapshot.memory)
    assert b"salut" not in bytes(first.snapshot.memory)


def test_errors_are_those_of_the_source(runtime: Compiled, fork_servers: ForkServers) -> None:
    with pytest.raises(CompilationError, match=r"needs a default export"):
        fork_servers.run(order(runtime, b"export const nothing = 1;"), 60)
    fork_servers.run(order(runtime, HELLO), 60)


def test_one_that_takes_too_long_is_ended(runtime: Compiled, fork_servers: ForkServers) -> None:
    fork_servers.run(order(runtime, HELLO), 60)
    with pytest.raises(CompilationError, match=r"longer than 0\.3 s"):
        fork_servers.run(order(runtime, ENDLESS), 0.3)
    fork_servers.run(order(runtime, HELLO), 60)


def test_one_that_dies_is_named(runtime: Compiled, fork_servers: ForkServers) -> None:
    """The kernel kills what takes more CPU time than it may."""
    with pytest.raises(CompilationError, match=r"died \(signal \d+\)|takes too long|CPU"):
        fork_servers.run(order(runtime, ENDLESS, cpu_s=1), 60)
    fork_servers.run(order(runtime, HELLO), 60)


def test_another_process_follows_one_that_ended(
    runtime: Compiled, fork_servers: ForkServers
) -> None:
    fork_servers.run(order(runtime, HELLO), 60)
    before = the_server(fork_servers)
    (server,) = fork_servers._servers.values()
    os.kill(before, signal.SIGKILL)
    until(lambda: not fork_servers._servers and server.sock.fileno() == -1)
    assert server.process.returncode == -signal.SIGKILL, "and it is no zombie"
    fork_servers.run(order(runtime, HELLO), 60)
    assert the_server(fork_servers) != before


def test_without_memfd_each_has_a_child_of_its_own(
    runtime: Compiled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def alone(order: Order, timeout_s: float) -> Artifact:
        asked.append(order.terms.key)
        return runtime

    def refuse(name: str, flags: int) -> int:
        raise OSError("not permitted")

    monkeypatch.setattr(fork_servers_module.os, "memfd_create", refuse)
    wanted = order(runtime, HELLO)
    assert ForkServers(alone).run(wanted, 60) is runtime
    assert asked == [wanted.terms.key]
