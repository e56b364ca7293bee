"""A linked module without an engine: where its checkpoints arrive, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from nexus.errors import DeadlineExceeded, GuestTrap, StackLimit
from nexus.model import Compiled, ModuleInfo
from nexus.plugin_api.engine import Engine, EngineInstance, HostFunctions
from nexus.pool.linked import CHECKPOINT, LinkedModule
from nexus.run.depth import ASK_DEPTH
from nexus.run.slices import FIRST_SLICE
from tests import support

INFO = ModuleInfo((), (), 1, 4, True, (), None, True, 1, 100, 8)


class Instance:
    def __init__(self) -> None:
        self.left = self.depth = 0

    def fuel(self) -> int:
        return self.left

    def set_fuel(self, fuel: int) -> None:
        self.left = fuel

    def set_depth(self, frames: int) -> None:
        self.depth = frames


class Loaded:
    """An engine with one module, whose start function is *starts*."""

    name, compiler, holds_gil, fingerprint = "fake", "none", False, ""

    def __init__(self, starts: Callable[[Callable[[int], int]], None] = lambda call: None) -> None:
        self._starts = starts
        self.checkpoint: Callable[[int], int] = lambda fuel: 0

    def load(self, artifact: bytes, info: ModuleInfo, imports: HostFunctions) -> Loaded:
        self.checkpoint = imports[CHECKPOINT].call
        return self

    def instantiate(self) -> EngineInstance:
        self._starts(self.checkpoint)
        return cast(EngineInstance, Instance())


def link(loaded: Loaded) -> LinkedModule:
    engine: Any = loaded
    compiled = Compiled("key", b"", INFO, "test")
    return LinkedModule(cast(Engine, engine), lambda _: support.Probe(), compiled)


def test_a_start_function_does_not_count_as_instructions() -> None:
    """They would differ between a new and a warm instance."""
    run = support.run()
    run.usage.instructions = 5
    link(Loaded(lambda checkpoint: assert_goes_on(checkpoint(-1000)))).instantiate(run)
    assert run.usage.instructions == 5


def assert_goes_on(slice_: int) -> None:
    assert slice_ > 0


def test_why_the_run_was_stopped_wins_over_the_trap_of_a_start_function() -> None:
    def starts(checkpoint: Callable[[int], int]) -> None:
        assert checkpoint(-1) < 0
        raise GuestTrap("unreachable")

    run = support.run()
    run.cancel()
    with pytest.raises(DeadlineExceeded):
        link(Loaded(starts)).instantiate(run)


def test_a_trap_of_a_start_function_comes_out_as_it_is() -> None:
    def starts(checkpoint: Callable[[int], int]) -> None:
        raise GuestTrap("unreachable")

    with pytest.raises(GuestTrap, match="unreachable"):
        link(Loaded(starts)).instantiate(support.run())


def test_a_start_function_gets_its_depth_for_the_asking() -> None:
    asked: list[int] = []
    loaded = Loaded(lambda checkpoint: asked.append(checkpoint(ASK_DEPTH)))
    link(loaded).instantiate(support.run())
    assert asked[0] > 0
    assert loaded.checkpoint(ASK_DEPTH) == 0  # there is no start function any more


def test_checkpoints_reach_the_run_that_has_entered() -> None:
    loaded = Loaded()
    linked, run, instance = link(loaded), support.run(), Instance()
    assert loaded.checkpoint(-1) < 0  # nobody runs: a guest that does must end
    linked.enter(run, cast(EngineInstance, instance))
    assert (instance.left, instance.depth > 0) == (FIRST_SLICE, True)
    assert loaded.checkpoint(-1) > 0
    assert run.usage.instructions == FIRST_SLICE + 1
    assert loaded.checkpoint(ASK_DEPTH) == 0
    assert isinstance(run.stopped, StackLimit)
    linked.leave(run)
    assert loaded.checkpoint(-1) < 0


def test_the_next_run_begins_with_the_slice_of_the_last() -> None:
    linked, run, instance = link(Loaded()), support.run(), Instance()
    linked.enter(run, cast(EngineInstance, instance))
    run.slice = 12_345
    linked.leave(run)
    linked.enter(support.run(), cast(EngineInstance, instance))
    assert instance.left == 12_345
