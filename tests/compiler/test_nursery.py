"""Handlers are prepared in processes forked from one that has loaded the language runtime."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.support as support
from nexus.compiler import nursery as nursery_module
from nexus.compiler.artifact import Artifact, Preparation, pack
from nexus.compiler.nursery import Nursery
from nexus.compiler.orders import Order, Prepare, Terms
from nexus.errors import CompilationError
from nexus.model import Compiled
from nexus.plugin_api.abi import RuntimeProgram

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
def nursery() -> Iterator[Nursery]:
    made = Nursery(must_not_run)
    yield made
    for nurse in made._nurses.values():
        nurse.close()


def must_not_run(order: Order, timeout_s: float) -> Artifact:
    raise AssertionError("it was prepared without the nursery")


def program(source: bytes) -> RuntimeProgram:
    return support.ABIS.of_language("javascript").read_text(source)  # type: ignore[return-value]


def order(runtime: Compiled, source: bytes, *, cpu_s: int = 60) -> Order:
    engine, compiler = support.QUICK_ENGINES[0]
    cache = str(support.shared_cache())
    terms = Terms(engine, compiler, cache, f"key of {source!r}", MEMORY >> 16, 2 << 30, cpu_s)
    return Order(terms, Prepare(program(source), runtime.key, pack(runtime)))


def the_nurse(nursery: Nursery) -> int:
    (nurse,) = nursery._nurses.values()
    return nurse.process.pid


def test_one_process_serves_all(runtime: Compiled, nursery: Nursery) -> None:
    first = nursery.run(order(runtime, HELLO), 60)
    nurse = the_nurse(nursery)
    second = nursery.run(order(runtime, HELLO.replace(b"hello", b"salut")), 60)
    assert the_nurse(nursery) == nurse
    assert isinstance(first, Preparation)
    assert isinstance(second, Preparation)
    assert first.entry == second.entry
    assert b"salut" in bytes(second.snapshot.memory)
    assert b"salut" not in bytes(first.snapshot.memory)


def test_errors_are_those_of_the_source(runtime: Compiled, nursery: Nursery) -> None:
    with pytest.raises(CompilationError, match=r"needs a default export"):
        nursery.run(order(runtime, b"export const nothing = 1;"), 60)
    nursery.run(order(runtime, HELLO), 60)


def test_one_that_takes_too_long_is_ended(runtime: Compiled, nursery: Nursery) -> None:
    nursery.run(order(runtime, HELLO), 60)
    with pytest.raises(CompilationError, match=r"longer than 0\.3 s"):
        nursery.run(order(runtime, ENDLESS), 0.3)
    nursery.run(order(runtime, HELLO), 60)


def test_one_that_dies_is_named(runtime: Compiled, nursery: Nursery) -> None:
    """The kernel kills what takes more CPU time than it may."""
    with pytest.raises(CompilationError, match=r"died \(signal \d+\)|takes too long|CPU"):
        nursery.run(order(runtime, ENDLESS, cpu_s=1), 60)
    nursery.run(order(runtime, HELLO), 60)


def test_another_process_follows_one_that_ended(runtime: Compiled, nursery: Nursery) -> None:
    nursery.run(order(runtime, HELLO), 60)
    before = the_nurse(nursery)
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    nursery.run(order(runtime, HELLO), 60)
    assert the_nurse(nursery) != before


def test_without_memfd_each_has_a_child_of_its_own(
    runtime: Compiled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def alone(order: Order, timeout_s: float) -> Artifact:
        asked.append(order.terms.key)
        return runtime

    def refuse(name: str, flags: int) -> int:
        raise OSError("not permitted")

    monkeypatch.setattr(nursery_module.os, "memfd_create", refuse)
    wanted = order(runtime, HELLO)
    assert Nursery(alone).run(wanted, 60) is runtime
    assert asked == [wanted.terms.key]
