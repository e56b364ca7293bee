"""The `nexus` command as a user runs it: a process, its output and its exit code."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.support import EXAMPLES, ROOT

COMMAND = Path(sys.executable).with_name("nexus")
FORK_SERVER = Path(__file__).with_name("fork_server.py")

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

    def __init__(self, folder: Path, cache: Path, scratch: Path) -> None:
        self.folder = folder
        known = ("NEXUS_", "XDG_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(known)}
        self.environ = {
            **kept,
            "NEXUS_CACHE_DIR": str(cache),
            "NEXUS_COMPILER": "cranelift",
            "PYTHONPATH": str(ROOT),
        }
        self._scratch, self._numbers = scratch, itertools.count()
        self._orders, theirs = socket.socketpair()
        with theirs:
            self._fork_server = subprocess.Popen(
                [sys.executable, FORK_SERVER, str(theirs.fileno())],
                env=self.environ,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._orders.makefile("rb")

    def close(self) -> None:
        self._answers.close()
        self._orders.close()
        self._fork_server.wait(30)

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
            # A shell's background job ignores Ctrl-C, and so would all that the tests start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def installed(self, *arguments: object, stdin: bytes = b"", **environ: str) -> Ended:
        """Run the command that was installed, to its end."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(stdin, timeout=60)
        return _ended(process.returncode, out, err)

    def __call__(self, *arguments: object, stdin: bytes = b"", **environ: str) -> Ended:
        """Run the command to its end: a fork, which is quicker, of a process that has imported it.

        What Python itself would read in *environ* makes that a process of its own.
        """
        if any(name.startswith("PYTHON") for name in environ):
            return self.installed(*arguments, stdin=stdin, **environ)
        folder = self._scratch / str(next(self._numbers))
        folder.mkdir()
        files = [folder / name for name in ("stdin", "stdout", "stderr")]
        files[0].write_bytes(stdin)
        order = {
            "arguments": [str(COMMAND), *map(str, arguments)],
            "folder": str(self.folder),
            "environ": {**self.environ, **environ},
            "files": [str(path) for path in files],
        }
        self._orders.sendall(json.dumps(order).encode() + b"\n")
        code = int(self._answers.readline())
        return _ended(code, files[1].read_bytes(), files[2].read_bytes())


def _ended(code: int, out: bytes, err: bytes) -> Ended:
    assert b"Traceback" not in err + out, err.decode()
    return Ended(code, out, err.decode())


@pytest.fixture(scope="session")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nexus]:
    folder = tmp_path_factory.mktemp("modules")
    for name, text in MODULES.items():
        (folder / f"{name}.wat").write_text(text)
    for name in ("hello.wat", "sha256.wasm"):
        (folder / name).write_bytes((EXAMPLES / name).read_bytes())
    (folder / "cut.wasm").write_bytes((EXAMPLES / "sha256.wasm").read_bytes()[:200])
    (folder / "text.wasm").write_text("no module")
    (folder / "latin.wat").write_bytes(b'(module (func (export "\xe9")))')
    (folder / "folder.wasm").mkdir()
    made = Nexus(folder, tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("files"))
    yield made
    made.close()
