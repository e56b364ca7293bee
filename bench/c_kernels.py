"""Builds the C kernels in `bench/kernels`, for WebAssembly and natively, with one compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "kernels"
NAMES = sorted(path.stem for path in FOLDER.glob("*.c") if path.stem != "native")

_FLAGS = ("-O2", "-std=gnu11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
_WASM = ("-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=65536")


@dataclass(frozen=True)
class Kernel:
    """A built kernel: a module that exports `run(rounds)`, and a native program that times it."""

    name: str
    wasm: bytes
    program: Path

    def native(self, rounds: int) -> tuple[float, int]:
        """Run the native program; return its time in seconds, and the checksum."""
        said = subprocess.run(
            [self.program, str(rounds)], capture_output=True, text=True, check=True
        ).stdout.split()
        return float(said[0]), int(said[1])


def build(name: str, folder: Path) -> Kernel:
    """Build one kernel into *folder*. Raises: CalledProcessError; the compiler has printed why."""
    source, module, program = FOLDER / f"{name}.c", folder / f"{name}.wasm", folder / name
    _zig(folder, *_WASM, "-o", str(module), str(source))
    _zig(folder, "-o", str(program), str(source), str(FOLDER / "native.c"))
    return Kernel(name, module.read_bytes(), program)


def _zig(cache: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", *_FLAGS, *arguments],
        env={**os.environ, "ZIG_LOCAL_CACHE_DIR": str(cache / "zig")},
        check=True,
    )
