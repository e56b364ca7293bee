"""Handlers that are source text: kept compiled, under the limits that hold when they are used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nexus.errors import InvalidHandler
from nexus.guest.js.sources import MAX_BYTES
from nexus.handlers import texts
from nexus.handlers.texts import SourceTexts
from nexus.model import Compiled, Limits, ModuleInfo
from nexus.plugin_api.abi import Program, RuntimeProgram
from tests.support import ABIS

INFO = ModuleInfo((), (), 1, 1, True, (), None, False, 1, 100, 8)


class Compiler:
    """Counts what it compiles; *tier* is what it would compile with now."""

    def __init__(self) -> None:
        self.made: list[tuple[bytes, int]] = []
        self.tier = "quick"

    def compile_program(
        self, program: Program, memory_bytes: int, *, is_awaited: bool = False
    ) -> Compiled:
        assert isinstance(program, RuntimeProgram)
        assert is_awaited  # loaded at the priority of handlers that run
        self.made.append((program.sources, memory_bytes))
        return Compiled(f"{program.sources!r}", b"", INFO, "js", tier=self.tier, is_new=True)

    def program_tier(self, program: Program, memory_bytes: int) -> str:
        return self.tier


class Texts:
    def __init__(self) -> None:
        self.compiler, self.limits, self.changes = Compiler(), Limits(), 0
        self.texts = SourceTexts(ABIS, self.compiler, lambda: self.limits, self._changed)

    def _changed(self) -> None:
        self.changes += 1


def test_a_text_is_compiled_once() -> None:
    it = Texts()
    first, is_new = it.texts.get(b"1")
    assert (is_new, first.limits) == (True, it.limits)
    assert it.texts.get(b"1") == (first, False)
    assert (len(it.compiler.made), it.changes) == (1, 1)


def test_limits_that_change_count_from_the_next_use_on() -> None:
    it = Texts()
    before, _ = it.texts.get(b"1")
    it.limits = replace(it.limits, timeout_s=0.25, max_host_calls=7)
    after, is_new = it.texts.get(b"1")
    assert (after.limits, is_new) == (it.limits, False)
    assert after.compiled is before.compiled
    assert it.texts.handlers() == [after]
    assert before.limits.timeout_s == 5.0  # for a request under way
    assert len(it.compiler.made) == 1


def test_other_memory_and_another_tier_are_compiled_for() -> None:
    it = Texts()
    it.texts.get(b"1")
    it.limits = replace(it.limits, memory_bytes=1 << 20)
    found, is_new = it.texts.get(b"1")
    assert (found.limits.memory_bytes, is_new) == (1 << 20, True)
    it.compiler.tier = "better"
    assert it.texts.get(b"1")[1]
    assert [memory for _, memory in it.compiler.made] == [32 << 20, 1 << 20, 1 << 20]


def test_the_last_ones_are_kept() -> None:
    it = Texts()
    for number in range(texts.KEPT + 1):
        it.texts.get(b"%d" % number)
    assert len(it.texts.handlers()) == texts.KEPT
    assert it.texts.get(b"0")[1]


def test_a_text_has_a_cap() -> None:
    with pytest.raises(InvalidHandler, match="allowed are"):
        Texts().texts.get(b" " * (MAX_BYTES + 1))
