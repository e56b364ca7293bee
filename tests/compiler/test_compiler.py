"""The compiler's child process: whatever a module does to it, a worker gets an error."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from nexus.compiler.assemble import metered
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.compiler.process import Ended, artifact_of
from nexus.errors import CompilationError, InvalidHandler, InvalidModule
from nexus.guest.wasi.abi import MAX_MODULE_BYTES
from nexus.model import FuncType
from nexus.plugin_api.abi import Module
from nexus.plugin_api.engine import Engine, HostFunction
from nexus.wasm.format.names import CHECKPOINT
from tests import support

GOOD = '(module (memory (export "memory") 1) (func (export "_start")))'
LIMITS = CompilerLimits(timeout_s=60.0, memory_bytes=2 << 30)
MEMORY = 32 << 20


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


@pytest.fixture
def quick() -> Engine:
    return support.engine(*support.QUICK_ENGINES[0])


class Observed(list[object]):
    def __call__(self, *what: object) -> None:
        self.append(what)


def compiler_of(engine: Engine, folder: Path, limits: CompilerLimits = LIMITS) -> Compiler:
    cache = ArtifactCache(folder, Observed())
    return Compiler(engine, cache, folder, limits, Observed(), support.ABIS)


def module(folder: Path, content: str | bytes, name: str = "m.wat") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_the_child_made_runs_here(engine: Engine, tmp_path: Path) -> None:
    compiled = compiler_of(engine, tmp_path).compile(module(tmp_path, GOOD), MEMORY)
    imports = {CHECKPOINT: HostFunction(FuncType(("i64",), ("i64",)), lambda left: 1000)}
    instance = engine.load(compiled.artifact, compiled.info, imports).instantiate()
    instance.call("_start")
    assert (compiled.abi, compiled.info.memory_max_pages) == ("wasi", 512)


@pytest.mark.parametrize(
    ("content", "expected", "words"),
    [
        (b"hello", InvalidModule, "at byte 0x0"),
        (b"\0asm\1\0\0\0\1\5", InvalidModule, "at byte 0x"),
        (b"\0asm\1\0\0\0", InvalidHandler, "does not export `_start`"),
        # A tail call: metering would refuse it, but no code is read without an entry point.
        (
            b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\n\6\1\4\0\x12\0\x0b",
            InvalidHandler,
            "does not export `_start`",
        ),
        # A body that leaves an i32 on the stack: metering cannot see it, the compiler does.
        (
            b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\n\1\6_start\0\0\n\6\1\4\0A\0\x0b",
            CompilationError,
            "type mismatch|values remaining",
        ),
    ],
    ids=["text", "truncated", "no entry point", "no entry point, and code", "ill-typed"],
)
def test_what_is_wrong_crosses_the_process_border(
    quick: Engine, tmp_path: Path, content: bytes, expected: type[Exception], words: str
) -> None:
    with pytest.raises(expected, match=words):
        compiler_of(quick, tmp_path).compile(module(tmp_path, content, "m.wasm"), MEMORY)


def test_an_invalid_module_keeps_its_offset(quick: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidModule) as caught:
        compiler_of(quick, tmp_path).compile(module(tmp_path, b"hello", "m.wasm"), MEMORY)
    assert caught.value.offset == 0


def test_one_that_takes_too_long_is_ended(quick: Engine, tmp_path: Path) -> None:
    compiler = compiler_of(quick, tmp_path, CompilerLimits(0.01, 2 << 30))
    with pytest.raises(CompilationError, match=r"took longer than 0\.01 s"):
        compiler.compile(module(tmp_path, GOOD), MEMORY)


def test_one_that_takes_too_much_memory_is_an_error(quick: Engine, tmp_path: Path) -> None:
    body = "(drop (i32.add (i32.const 1) (i32.const 2)))" * 20
    many = f'(module (func (export "_start")) {f"(func {body})" * 3000})'
    compiler = compiler_of(quick, tmp_path, CompilerLimits(60.0, 1 << 20))
    with pytest.raises(CompilationError, match=r"memory|the compiler died \("):
        compiler.compile(module(tmp_path, many), MEMORY)


def test_a_child_that_is_killed_is_an_error(quick: Engine, tmp_path: Path) -> None:
    """It is killed as soon as it is there."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")

    def kill() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for pid in children.read_text().split():
                if b"nexus.compiler.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
                    return
            time.sleep(0.001)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(CompilationError, match=r"the compiler died \(signal 9\): it said nothing"):
        compiler_of(quick, tmp_path).compile(module(tmp_path, GOOD), MEMORY)
    killer.join()


def test_behind_a_service_it_takes_only_what_nobody_wants(quick: Engine, tmp_path: Path) -> None:
    """The limits are for CPU time then: by the clock it may take longer."""
    compiler = compiler_of(quick, tmp_path, CompilerLimits(5.0, 2 << 30))
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    seen: set[int] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.001):
            for pid in children.read_text().split():
                with suppress(ProcessLookupError):
                    seen.add(os.sched_getscheduler(int(pid)))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        slow = f'(module (func (export "_start")) {"(func)" * 3000})'
        compiler.compile(module(tmp_path, slow), MEMORY, idle=True)
    finally:
        ended.set()
        watcher.join()
    assert os.SCHED_IDLE in seen


def test_a_child_that_cannot_start_is_an_error(
    quick: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(CompilationError, match=r"the compiler could not be started: .*no-python"):
        compiler_of(quick, tmp_path).compile(module(tmp_path, GOOD), MEMORY)


def answered(code: int, out: bytes, err: bytes = b"") -> str:
    with pytest.raises(CompilationError) as caught:
        artifact_of(Ended(code, out, err), "key")
    return str(caught.value)


def test_a_broken_answer_is_an_error() -> None:
    assert "answer was damaged" in answered(0, b"")
    assert "answer was damaged" in answered(0, b"NXART004" + b"\0" * 50)
    said = answered(-6, b"", b"first\nLLVM ERROR: out of memory\n")
    assert said == "the compiler died (signal 6): LLVM ERROR: out of memory"
    assert answered(1, b"{half", b"") == ("the compiler died (exit 1): it said nothing")


def test_the_key_names_all_that_matters(tmp_path: Path) -> None:
    compilers = [compiler_of(support.engine(*pair), tmp_path) for pair in support.ENGINES]
    keys = [
        compiler.module_key(Module(source, is_text=text), pages)
        for compiler in compilers
        for source in (b"a", b"b")
        for pages in (1, 2)
        for text in (False, True)
    ]
    assert len(set(keys)) == len(keys)
    assert compilers[0].module_key(Module(b"a", is_text=False), 1) == keys[0]


def test_a_second_compilation_is_found(quick: Engine, tmp_path: Path) -> None:
    observed, compilations = Observed(), Observed()
    cache = ArtifactCache(tmp_path, observed)
    compiler = Compiler(quick, cache, tmp_path, LIMITS, compilations, support.ABIS)
    path = module(tmp_path, GOOD)
    first, second = compiler.compile(path, MEMORY), compiler.compile(path, MEMORY)
    assert (first.key, first.artifact, first.info) == (second.key, second.artifact, second.info)
    assert observed == [("miss",), ("hit",)]
    assert [name for name, _ in compilations] == [quick.compiler]  # type: ignore[misc]


def test_files_that_cannot_be_read_are_named(quick: Engine, tmp_path: Path) -> None:
    compiler = compiler_of(quick, tmp_path)
    with pytest.raises(InvalidHandler, match=r"cannot read .*gone\.wasm: No such file"):
        compiler.compile(tmp_path / "gone.wasm", MEMORY)
    with open(tmp_path / "large.wasm", "wb") as file:
        file.truncate(MAX_MODULE_BYTES + 1)
    with pytest.raises(InvalidHandler, match=f"the module is larger than {MAX_MODULE_BYTES} bytes"):
        compiler.compile(tmp_path / "large.wasm", MEMORY)


def test_the_metered_module_can_be_had(quick: Engine) -> None:
    from_text, _ = metered(Module(GOOD.encode(), is_text=True), quick, 512)
    assert metered(Module(quick.wat_to_wasm(GOOD)), quick, 512)[0] == from_text
    assert b"nexus.fuel" in from_text
