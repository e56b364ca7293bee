"""Two compilers: the quick one's code serves until the better one's is there."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.compiler.tiers import TieredCompiler
from nexus.errors import CompilationError
from nexus.model import Compiled
from tests import support

LIMITS = CompilerLimits(timeout_s=60.0, memory_bytes=2 << 30)
MEMORY = 32 << 20
PAIRS = [pair for pair in support.ENGINES if pair[1] == "llvm"]
GOOD = '(module (memory (export "memory") 1) (func (export "_start")))'

pytestmark = pytest.mark.skipif(not PAIRS, reason="only wasmer with LLVM has two compilers")


def compiler_of(name: str, folder: Path) -> Compiler:
    engine = support.engine("wasmer", name)
    cache = ArtifactCache(folder, lambda _: None)
    return Compiler(engine, cache, folder, LIMITS, lambda *_: None, support.ABIS)


@pytest.fixture
def tiers(tmp_path: Path) -> TieredCompiler:
    return TieredCompiler(
        compiler_of("cranelift", tmp_path), compiler_of("llvm", tmp_path), nullcontext
    )


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "m.wat"
    path.write_text(GOOD)
    return path


def improved(tiers: TieredCompiler, path: Path, compiled: Compiled) -> bool:
    better = threading.Event()
    tiers.improve([(path, MEMORY, compiled)], better.set)
    return better.wait(60.0)


def test_the_quick_code_comes_first_and_the_better_one_behind_it(
    tiers: TieredCompiler, module: Path
) -> None:
    first = tiers.compile(module, MEMORY)
    assert first.tier == "cranelift"
    assert not tiers.is_outdated(module, MEMORY, first)
    assert improved(tiers, module, first)
    assert tiers.is_outdated(module, MEMORY, first)
    second = tiers.compile(module, MEMORY)
    assert second.tier == "llvm"
    assert second.key != first.key
    assert not tiers.is_outdated(module, MEMORY, second)


LATE_SIMD = """(module (memory (export "memory") 1)
  (func (export "_start") (drop (i8x16.popcnt (i8x16.splat (i32.const 7))))))"""


def test_what_only_the_better_one_knows_it_compiles_at_once(
    tiers: TieredCompiler, module: Path
) -> None:
    module.write_text(LATE_SIMD)
    for _ in range(2):
        assert tiers.compile(module, MEMORY).tier == "llvm"


def test_what_the_quick_one_fails_at_otherwise_is_not_tried_again(
    tiers: TieredCompiler, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(path: Path, memory_bytes: int) -> Compiled:
        raise CompilationError("compilation took longer than 1 s")

    monkeypatch.setattr(tiers.quick, "compile", late)
    with pytest.raises(CompilationError, match="took longer"):
        tiers.compile(module, MEMORY)


def test_what_the_better_one_refuses_stays(
    tiers: TieredCompiler, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tiers.compile(module, MEMORY)
    tried = threading.Event()

    def refuse(path: Path, memory_bytes: int, *, idle: bool) -> Compiled:
        tried.set()
        raise CompilationError("too much")

    monkeypatch.setattr(tiers._best, "compile", refuse)
    tiers.improve([(module, MEMORY, first)], lambda: pytest.fail("nothing is better"))
    assert tried.wait(60.0)
    assert tiers.compile(module, MEMORY).tier == "cranelift"


def test_what_would_take_most_of_the_time_limit_stays(
    tiers: TieredCompiler, module: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By its size: 8 MiB of quick code are 38 s of CPU, and half the limit is 30 s."""
    first = tiers.compile(module, MEMORY)
    large = replace(first, artifact=bytes(8 << 20))
    with caplog.at_level("INFO"):
        tiers.improve([(module, MEMORY, large)], lambda: pytest.fail("nothing is better"))
    assert "m.wat stays with cranelift: llvm would take about 37 s" in caplog.text
    assert "compile_timeout_ms (60 s)" in caplog.text
    caplog.clear()
    tiers._best.set_limits(replace(LIMITS, timeout_s=120.0))
    assert improved(tiers, module, large)
    assert caplog.text == ""
