"""The `nexus` command as a user runs it: a process, its output and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.support import EXAMPLES, ROOT

COMMAND = Path(sys.executable).with_name("nexus")

# Writes its arguments, its environment and its stdin to stdout, its arguments to stderr. What it
# begins and ends with is put in.
_ECHO = r"""(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "Content-Type: text/plain\nX-E: \e9\n\n")
  (func $put (param $fd i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    BEGIN
    (block $end (loop $more
      (i32.store (i32.const 0) (i32.const 16384))
      (i32.store (i32.const 4) (i32.const 4096))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $end (i32.eqz (i32.load (i32.const 8))))
      (call $put (i32.const 1) (i32.const 16384) (i32.load (i32.const 8)))
      (br $more)))
    END))"""
_PUT_ARGUMENTS = r"""
    (drop (call $args_sizes (i32.const 16) (i32.const 20)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (call $put (i32.const FD) (i32.const 4096) (i32.load (i32.const 20)))"""
_PUT_ENVIRONMENT = r"""
    (drop (call $env_sizes (i32.const 24) (i32.const 28)))
    (drop (call $env (i32.const 2048) (i32.const 8192)))
    (call $put (i32.const 1) (i32.const 8192) (i32.load (i32.const 28)))"""
_BOTH = _PUT_ARGUMENTS.replace("FD", "1") + _PUT_ENVIRONMENT


def _echo(begin: str, end: str = "") -> str:
    return _ECHO.replace("BEGIN", begin).replace("END", end)


MODULES = {
    "command": _echo(_BOTH, _PUT_ARGUMENTS.replace("FD", "2") + "(call $exit (i32.const 7))"),
    "cgi": _echo("(call $put (i32.const 1) (i32.const 32) (i32.const 33))" + _PUT_ENVIRONMENT),
    "cat": _echo(""),
    "spin": '(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))',
    "trap": '(module (memory (export "memory") 1) (func (export "_start") unreachable))',
    "noentry": '(module (memory (export "memory") 1))',
}


@dataclass
class Ended:
    code: int
    out: bytes
    err: str


class Nexus:
    """Runs the command in a folder that holds `MODULES` and the examples."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        known = ("NEXUS_", "XDG_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(known)}
        self.environ = {
            **kept,
            "NEXUS_CACHE_DIR": str(cache),
            "NEXUS_COMPILER": "cranelift",
            "PYTHONPATH": str(ROOT),
        }

    def start(
        self,
        *arguments: object,
        stdout: int | BinaryIO = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        **environ: str,
    ) -> subprocess.Popen[bytes]:
        """Begin a command."""
        return subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
        )

    def __call__(self, *arguments: object, stdin: bytes = b"", **environ: str) -> Ended:
        """Run a command to its end."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(stdin, timeout=60)
        assert b"Traceback" not in err + out, err.decode()
        return Ended(process.returncode, out, err.decode())


@pytest.fixture(scope="session")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> Nexus:
    folder = tmp_path_factory.mktemp("modules")
    for name, text in MODULES.items():
        (folder / f"{name}.wat").write_text(text)
    for name in ("hello.wat", "sha256.wasm"):
        (folder / name).write_bytes((EXAMPLES / name).read_bytes())
    (folder / "cut.wasm").write_bytes((EXAMPLES / "sha256.wasm").read_bytes()[:200])
    (folder / "text.wasm").write_text("no module")
    (folder / "latin.wat").write_bytes(b'(module (func (export "\xe9")))')
    (folder / "folder.wasm").mkdir()
    return Nexus(folder, tmp_path_factory.mktemp("cache"))
