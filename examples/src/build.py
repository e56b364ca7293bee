"""Rebuild the example modules from their sources: `python examples/src/build.py [--out DIR]`.

Needs ziglang from PyPI (`make examples` installs it), which carries a C and a Zig compiler and
the C library of WASI. The version is pinned because the built modules are in the repository and
a test compares them byte for byte.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ZIG_VERSION = "0.17.1"

HERE = Path(__file__).resolve().parents[1]
PAGE_BYTES = 64 << 10
STACK_BYTES = 8 << 10


# One page of memory, so that little has to be restored after a request.
C = (
    *("cc", "-target", "wasm32-wasi", "-std=c11", "-Os", "-s", "-Wall", "-Wextra", "-Werror"),
    f"-Wl,-z,stack-size={STACK_BYTES}",
    *(f"-Wl,--initial-memory={PAGE_BYTES}", f"-Wl,--max-memory={PAGE_BYTES}"),
)


def sha256_command(target: Path) -> list[str]:
    """C."""
    return [*C, "-o", str(target), "src/sha256/sha256.c"]


def chart_command(target: Path) -> list[str]:
    """Zig, without its standard library. Two pages of memory."""
    return [
        *("build-exe", "-target", "wasm32-wasi", "-OReleaseSmall", "-fstrip"),
        *("--stack", str(STACK_BYTES)),
        *(f"--initial-memory={2 * PAGE_BYTES}", f"--max-memory={2 * PAGE_BYTES}"),
        *(f"-femit-bin={target}", "src/chart/chart.zig"),
    ]


def counter_command(target: Path) -> list[str]:
    """C, with the functions that Nexus offers."""
    return [*C, "-Iinclude", "-o", str(target), "src/counter/counter.c"]


def limiter_command(target: Path) -> list[str]:
    """Zig, with the functions that Nexus offers."""
    return [
        *("build-exe", "-target", "wasm32-wasi", "-OReleaseSmall", "-fstrip"),
        *("--stack", str(STACK_BYTES)),
        *(f"--initial-memory={PAGE_BYTES}", f"--max-memory={PAGE_BYTES}", f"-femit-bin={target}"),
        *("--dep", "nexus", "-Mroot=src/limiter/limiter.zig", "-Mnexus=include/nexus.zig"),
    ]


COMMANDS = {
    "sha256": sha256_command,
    "chart": chart_command,
    "counter": counter_command,
    "limiter": limiter_command,
}


def installed_zig() -> str | None:
    """Return the version of ziglang this Python has, None where it has none."""
    try:
        return importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        return None


def build(name: str, folder: Path) -> Path:
    """Build one example into *folder* and return the module's path.

    The module appears in one piece or not at all. Raises: CalledProcessError where the compiler
    refuses; it has said why on stderr.
    """
    with tempfile.TemporaryDirectory() as scratch:
        built = Path(scratch, f"{name}.wasm")
        subprocess.run(
            [sys.executable, "-m", "ziglang", *COMMANDS[name](built)],
            cwd=HERE,
            env={**os.environ, "ZIG_LOCAL_CACHE_DIR": scratch},
            check=True,
        )
        module = folder / built.name
        unfinished = module.with_suffix(".wasm.tmp")
        unfinished.write_bytes(built.read_bytes())
        unfinished.replace(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild the example modules.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the built modules")
    folder = parser.parse_args().out
    if installed_zig() != ZIG_VERSION:
        found = installed_zig() or "none"
        print(f"This needs ziglang {ZIG_VERSION} and found {found}.", file=sys.stderr)
        print(f"{sys.executable} -m pip install ziglang=={ZIG_VERSION}", file=sys.stderr)
        return 1
    print(
        "Building the examples (a minute the first time: it takes in the C library) ...", flush=True
    )
    for name in COMMANDS:
        try:
            module = build(name, folder)
        except subprocess.CalledProcessError as error:
            return error.returncode
        print(f"  {module}: {module.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
