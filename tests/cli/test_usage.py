"""Whatever is typed wrong, or is wrong with the machine: a line that says it, no traceback."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Nexus

_LLVM = ("--engine=wasmtime", "--compiler=llvm")
BAD: list[tuple[int, str, tuple[str, ...]]] = [
    # bad usage and settings
    (2, "Usage: nexus ", ()),
    (2, "No such command 'walk'", ("walk",)),
    (2, "No such command 'serv'. Did you mean 'serve'?", ("serv",)),
    (2, "Missing argument 'MODULE'", ("run",)),
    (2, "No such option '--slowly'", ("serve", "--slowly")),
    (1, "folder.wasm is a folder without index.js or main.py", ("run", "folder.wasm")),
    (1, "folder.wasm is a folder without index.js or main.py", ("compile", "folder.wasm")),
    (2, "'missing.wasm' does not exist", ("run", "missing.wasm")),
    (2, "'missing' does not exist", ("inspect", "missing")),
    (2, "--method 'G T': use letters", ("run", "hello.wat", "--method", "G T")),
    (2, "--method '': use letters", ("run", "hello.wat", "--method", "")),
    (2, "found 'X Y'", ("run", "hello.wat", "--header", "X Y: 1")),
    (2, "found ''", ("run", "hello.wat", "--header", ": 1")),
    (2, "'X: a\\nb': no control characters but", ("run", "hello.wat", "--header", "X: a\nb")),
    (2, "has no colon", ("run", "hello.wat", "--header", "X")),
    (2, "cannot read missing: No such file", ("run", "hello.wat", "--data", "@missing")),
    (2, "cannot read missing: No such file", ("run", "hello.wat", "--context", "@missing")),
    (2, "--raw goes without", ("run", "hello.wat", "--raw", "--json")),
    (2, "goes without --scheduled", ("run", "hello.wat", "--context", "1", "--scheduled", "x")),
    (2, "'61 * * * *': bad minute; use five", ("run", "hello.wat", "--scheduled", "61 * * * *")),
    (2, "go with --raw", ("run", "hello.wat", "--env", "A=1")),
    (2, "use HOST::GUEST or", ("run", "hello.wat", "--raw", "--dir", ".")),
    (2, "'nowhere' is not a folder", ("run", "hello.wat", "--raw", "--dir", "nowhere::/")),
    (2, "'A': use NAME=VALUE", ("run", "hello.wat", "--raw", "--env", "A")),
    (2, "option --engine: engine: found 'v8'", ("run", "hello.wat", "--engine", "v8")),
    (2, "allowed: auto, wasmer, wasmtime", ("serve", "--engine", "v8", "--handlers", ".")),
    (2, "option --compiler: compiler: found 'llvm'", ("compile", "hello.wat", *_LLVM)),
    (2, "found '5s', allowed", ("run", "hello.wat", "--timeout-ms", "5s")),
    (2, "there is no such file", ("config", "--config", "missing.toml")),
    (2, "cannot write /proc/x/nexus-a/", ("new-plugin", "a", "--directory", "/proc/x")),
    (2, "'tcsh' is not one of", ("completion", "tcsh")),
    (2, "NAME: handler name 'a/b' is not allowed", ("new", "a/b")),
    (2, "NAME: 'hello' is taken: hello.wat exists", ("new", "hello", "--handlers", ".")),
    (2, "cannot write /proc/x/", ("new", "a", "--handlers", "/proc/x")),
    (2, "no folder", ("serve", "--handlers", "missing")),
    (2, "allowed: HOST:PORT", ("serve", "--handlers", ".", "--bind", "here")),
    # handlers that cannot be
    (1, "error: INVALID_HANDLER: ", ("run", "cut.wasm")),
    (1, "error: INVALID_HANDLER: ", ("compile", "cut.wasm", "--emit", "out.wasm")),
    (1, "does not start with", ("run", "text.wasm")),
    (1, "not UTF-8", ("compile", "latin.wat")),
    (1, "_start", ("run", "noentry.wat", "--raw")),
    # what this machine cannot do
    (2, "allowed with engine wasmtime: auto, cranelift", ("run", "hello.wat", *_LLVM)),
    (2, "allowed with engine wasmtime: auto, cranelift", ("serve", "--handlers=.", *_LLVM)),
]  # fmt: skip


@pytest.fixture(scope="module")
def refused(nexus: Nexus) -> Iterator[subprocess.Popen[bytes]]:
    """A server whose port another holds."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        process = nexus.start("serve", "--handlers", ".", "--bind", f"127.0.0.1:{port}")
        yield process
        process.kill()
        process.communicate()


def test_every_bad_input_is_said_in_a_line(nexus: Nexus, refused: subprocess.Popen[bytes]) -> None:
    failures = []
    for code, said, arguments in BAD:
        ended = nexus(*arguments)
        told = ended.err + (ended.out.decode() if not arguments else "")
        if ended.code != code or said not in told or "fault of Nexus" in told:
            failures.append((arguments, ended))
    assert failures == []


def test_a_port_in_use_ends_the_server(refused: subprocess.Popen[bytes]) -> None:
    out, err = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert re.fullmatch(rb"error: bind: another process listens on [0-9.:]+; [^\n]*\n", err)
    assert b"Traceback" not in out


def test_a_cache_that_cannot_be_written_is_only_a_warning(nexus: Nexus) -> None:
    """A file stands where the folder should be: no permission helps there, not even root's."""
    cache = str(nexus.folder / "text.wasm")
    for command in (("run", "hello.wat"), ("compile", "hello.wat")):
        ended = nexus(*command, NEXUS_CACHE_DIR=cache)
        assert ended.code == 0
        assert "cannot be used" in ended.err
        assert cache in ended.err


def test_a_full_disk_is_no_fault_of_ours(nexus: Nexus) -> None:
    with Path("/dev/full").open("wb") as full:
        process = nexus.start("config", stdout=full)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err == b"error: [Errno 28] No space left on device\n"


def test_version_and_help(nexus: Nexus) -> None:
    ended = nexus.installed("--version")
    assert ended.code == 0
    assert re.fullmatch(rb"nexus, version \d+\.\d+\.\d+\n", ended.out)
    ended = nexus.installed("run", "-h")
    assert ended.code == 0
    assert b"--memory-limit-mb" in ended.out
