"""Programs as compilers make them: a C program, and the built examples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from nexus.wasm.format.sections import join, split

from .support import ENGINES, EXAMPLES, RewriteLimits, instantiate, is_valid, rewrite

SOURCE = r"""
typedef int (*step)(int);
static int twice(int x) { return 2 * x; }
static int next(int x) { return x + 1; }
static int other(int x) { switch (x % 7) { case 0: return x / 3; case 1: return next(x);
  case 2: return -x; case 3: return x ^ 5; case 4: return x * x; case 5: return 9; } return x; }
static step steps[] = {twice, next, other};
static unsigned char text[4096], copy[4096];

__attribute__((export_name("run"))) int run(int rounds) {
  unsigned sum = 1;
  for (int i = 0; i < rounds; i++) {
    __builtin_memset(text, i, i + 100);
    __builtin_memcpy(copy, text, i + 90);
    for (int j = 0; j < i + 100; j++) sum = sum * 31 + steps[copy[j] % 3](j);
  }
  return (int)sum;
}
"""

LIMITS = RewriteLimits(memory_pages=512)  # zig reserves 16 MiB of stack


@pytest.fixture(scope="module")
def c_program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("c")
    (folder / "main.c").write_text(SOURCE)
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-freestanding"]
    flags = ["-nostdlib", "-mbulk-memory", "-O2", "-Wl,--no-entry"]
    subprocess.run([*compiler, *flags, "-o", "main.wasm", "main.c"], cwd=folder, check=True)
    return (folder / "main.wasm").read_bytes()


def test_a_c_program(c_program: bytes) -> None:
    assert join(c_program[s.start : s.end] for s in split(c_program)) == c_program
    store = wasmtime.Store()
    unmetered = wasmtime.Instance(store, wasmtime.Module(store.engine, c_program), [])
    run: Any = unmetered.exports(store)["run"]
    expected = run(store, 300)
    found = set()
    rewritten, info = rewrite(c_program, LIMITS)
    assert info.reset_blocker is None
    for engine in ENGINES:
        program = instantiate(rewritten, engine)
        found.add((program.call("run", 300), program.charged))
    assert len(found) == 1
    ((result, charged),) = found
    assert result == expected
    assert charged > 300 * 100


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.wasm")), ids=lambda path: path.name)
def test_an_example(path: Path) -> None:
    rewritten, info = rewrite(path.read_bytes(), LIMITS)
    assert is_valid(rewritten)
    assert info.has_memory
