"""One instance without an engine: its states, and when a reset is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from nexus.errors import GuestTrap, InvalidState
from nexus.model import (
    Compiled,
    ExtensionAnswer,
    Handler,
    Isolation,
    ModuleInfo,
    Snapshot,
    State,
)
from nexus.plugin_api.abi import snapshot_of
from nexus.plugin_api.engine import EngineInstance
from nexus.pool.instance import WasmInstance, restore
from nexus.pool.linked import LinkedModule
from nexus.run import Execution
from tests import support

INFO = ModuleInfo((), (), 1, 4, True, (), None, False, 1, 100, 8)
BLOCKED = ModuleInfo((), (), 1, 4, True, (), "it writes a table", False, 1, 100, 8)
START = Snapshot(b"clean123", (7,))


class Memory:
    """As much of an engine's instance as a snapshot needs."""

    def __init__(self, content: bytes = START.memory, values: tuple[Any, ...] = (7,)) -> None:
        self.content, self.values = bytearray(content), values

    def memory(self) -> memoryview:
        return memoryview(self.content)

    def memory_size(self) -> int:
        return len(self.content)

    def read_globals(self) -> tuple[Any, ...]:
        return self.values

    def write_globals(self, values: tuple[Any, ...]) -> None:
        self.values = values


class Linked:
    """A linked module whose guest does what the test says."""

    def __init__(self, does: Callable[[Memory], object]) -> None:
        self.guest, self._does = self, does
        self.calls: list[str] = []

    def enter(self, run: Execution, instance: Memory) -> None:
        self.calls.append("enter")

    def leave(self, run: Execution) -> None:
        self.calls.append("leave")

    def evaluate(self, instance: Memory, task: Any, handler: Handler, run: Execution) -> object:
        assert run.lent is not None
        return self._does(instance)


def lent(
    memory: Memory, info: ModuleInfo = INFO, does: Callable[[Memory], object] = lambda _: None
) -> tuple[WasmInstance, Linked]:
    linked = Linked(does)
    instance = WasmInstance(
        cast(LinkedModule, linked),
        Compiled("key", b"", info, "test"),
        cast(EngineInstance, memory),
        START,
    )
    instance.lend()
    return instance, linked


def execute(instance: WasmInstance, run: Execution, key: str = "key") -> object:
    compiled = Compiled(key, b"", INFO, "test")
    served = support.handler(compiled)
    return instance.execute(compiled, support.calls(), handler=served, run=run)


def test_a_snapshot_is_what_it_was_when_it_was_taken() -> None:
    memory = Memory()
    snapshot = snapshot_of(cast(EngineInstance, memory))
    memory.content[:] = b"written!"
    memory.values = (8,)
    assert (snapshot.memory, snapshot.globals) == (START.memory, (7,))
    restore(cast(EngineInstance, memory), snapshot)
    assert (bytes(memory.content), memory.values) == (START.memory, (7,))


def test_a_module_without_memory_and_globals_has_nothing_to_restore() -> None:
    memory = Memory(b"", ())
    restore(cast(EngineInstance, memory), snapshot_of(cast(EngineInstance, memory)))
    assert (bytes(memory.content), memory.values) == (b"", ())


def test_a_reset_restores_memory_and_globals() -> None:
    memory = Memory(b"written!", (8,))
    instance, _ = lent(memory)
    assert instance.reset()
    assert (bytes(memory.content), memory.values) == (START.memory, START.globals)


@pytest.mark.parametrize(
    ("memory", "info"), [(Memory(b"grown by one page"), INFO), (Memory(b"written!"), BLOCKED)]
)
def test_a_reset_that_cannot_be_complete_is_none(memory: Memory, info: ModuleInfo) -> None:
    before = bytes(memory.content)
    instance, _ = lent(memory, info)
    assert not instance.reset()
    assert memory.content == before


def test_a_terminated_instance_is_not_reset() -> None:
    instance, _ = lent(Memory())
    instance.terminate()
    assert not instance.reset()
    assert instance.memory_used() == 0


@pytest.mark.parametrize(
    ("isolation", "stopped", "expected"),
    [
        (Isolation.RESET, False, (True, START.memory)),
        (Isolation.RESET, True, (True, START.memory)),
        (Isolation.FRESH, False, (False, b"written!")),
        (Isolation.REUSE, False, (True, b"written!")),
        (Isolation.REUSE, True, (False, b"written!")),
    ],
)
def test_each_isolation_makes_ready_in_its_way(
    isolation: Isolation, stopped: bool, expected: tuple[bool, bytes]
) -> None:
    memory, run = Memory(b"written!"), support.run()
    instance, _ = lent(memory)
    if stopped:
        run.stop(GuestTrap("stopped"))
    assert (instance.make_ready(isolation, run), bytes(memory.content)) == expected


def grow(memory: Memory) -> str:
    memory.content.extend(b"page")
    return "done"


def grow_and_trap(memory: Memory) -> None:
    memory.content.extend(b"page")
    raise GuestTrap("unreachable")


def test_the_most_memory_is_remembered_also_of_a_run_that_failed() -> None:
    instance, linked = lent(Memory(), does=grow_and_trap)
    run = support.run()
    with pytest.raises(GuestTrap):
        execute(instance, run)
    assert (run.usage.memory_used_bytes, run.usage.memory_peak_bytes) == (12, 12)
    assert instance.memory_peak() == 12
    assert (linked.calls, run.lent) == (["enter", "leave"], None)


def test_the_peak_stays_where_a_later_run_used_less() -> None:
    memory = Memory()
    instance, _ = lent(memory, does=grow)
    assert execute(instance, support.run()) == "done"
    del memory.content[:]
    run = support.run()
    execute(instance, run)
    assert (run.usage.memory_used_bytes, run.usage.memory_peak_bytes) == (4, 12)


def test_it_executes_only_while_lent_and_only_its_own_module() -> None:
    instance, linked = lent(Memory())
    with pytest.raises(InvalidState, match="is one of key; it must be one of other"):
        execute(instance, support.run(), "other")
    instance.give_back()
    with pytest.raises(InvalidState, match="is idle; it must be executing"):
        execute(instance, support.run())
    assert linked.calls == []


def test_suspended_it_answers_other_threads_from_memory() -> None:
    memory = Memory()
    instance, _ = lent(memory)
    memory.content.extend(b"page")
    instance.suspend(["s1", "s2"], lambda answer: answer.value)
    memory.content.clear()  # its own thread's, no longer looked at
    assert (instance.memory_used(), instance.memory_peak()) == (12, 12)
    assert instance.suspension_id() == "s1"
    assert instance.resume(ExtensionAnswer(True, b"1")) == b"1"
    instance.go_on()
    assert (instance.state, instance.suspension_id()) == (State.EXECUTING, None)
    with pytest.raises(InvalidState, match="it must be suspended"):
        instance.resume(ExtensionAnswer(True, b"1"))


def test_one_that_is_kept_as_an_image_counts_the_images_bytes() -> None:
    compiled = Compiled("key", b"", INFO, "test")
    instance = WasmInstance.stored(compiled, 123, "s1", lambda answer: None)
    assert instance.state is State.SUSPENDED
    assert (instance.memory_used(), instance.memory_peak()) == (123, 123)
