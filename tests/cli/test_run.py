"""`nexus run`: a request, a JSON context or a command line through one module."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from nexus.http.api.models import ExecutionResult

from .conftest import Nexus


def variables(out: bytes) -> dict[str, str]:
    """The environment that the guest `cgi` saw, from its response's body."""
    body = out.split(b"\n\n", 1)[1]
    return dict(entry.split("=", 1) for entry in body.decode("latin-1").split("\0") if "=" in entry)


def test_a_get(nexus: Nexus) -> None:
    ended = nexus.installed("run", "hello.wat")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\nHello from WebAssembly.\n"


def test_what_the_options_say_reaches_the_guest(nexus: Nexus) -> None:
    ended = nexus(
        *("run", "cgi.wat", "--method", "put", "--path", "/a/b?q=1&r", "--data", "body"),
        *("--header", "X-One: 1", "--header", "content-type:text/x", "--header", "X-Colons: a:b"),
    )
    assert ended.code == 0
    # as on the wire: a byte for a byte, whatever the terminal's encoding
    assert ended.out.startswith(b"HTTP/1.1 200 OK\nContent-Type: text/plain\nX-E: \xe9\n\n")
    found = variables(ended.out)
    wanted = {
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "/cgi",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "q=1&r",
        "CONTENT_LENGTH": "4",
        "CONTENT_TYPE": "text/x",
        "HTTP_X_ONE": "1",
        "HTTP_X_COLONS": "a:b",
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert ended.out.endswith(b"\0body")


@pytest.mark.parametrize("name", ["my module (1).wat", ".hidden.wat", "_é.wat", "a" * 100 + ".wat"])
def test_a_file_may_have_any_name(nexus: Nexus, name: str) -> None:
    (nexus.folder / name).write_bytes((nexus.folder / "hello.wat").read_bytes())
    ended = nexus("run", name)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith(b"Hello from WebAssembly.\n")


def test_simds_latest_instructions_run_under_any_compiler(nexus: Nexus, tmp_path: Path) -> None:
    """wasmer's Cranelift does not know them; LLVM does."""
    (nexus.folder / "popcnt.wat").write_text(
        """(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (call $exit (i8x16.extract_lane_u 3 (i8x16.popcnt (i8x16.splat (i32.const 127)))))))"""
    )
    options = ("--raw", "--compiler", "auto")
    ended = nexus("run", "popcnt.wat", *options, NEXUS_CACHE_DIR=str(tmp_path))
    assert (ended.code, ended.out) == (7, b"")


def test_the_request_is_read_as_a_server_reads_it(nexus: Nexus) -> None:
    ended = nexus("run", "cgi.wat", "--path", "/a%20b/é?x y", "--header", "Host: a.example:81")
    found = variables(ended.out)
    assert found["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert found["QUERY_STRING"] == "x%20y"
    assert found["X_FULL_URL"] == "http://a.example:81/cgi/a%20b/%C3%A9?x%20y"
    assert variables(nexus("run", "cgi.wat").out)["X_FULL_URL"] == "http://localhost/cgi/"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--path", "a"], "begin it with '/'"),
        (["--path", "/../x"], "without the segments"),
        (["--path", "/%2e%2e/x"], "without the segments"),
        (["--path", "/#x"], "'#'"),
        (["--header", "Host: a b"], "Host is 'a b'"),
        (["--method", "CONNECT"], "CONNECT"),
    ],
)
def test_a_request_that_no_server_takes_is_bad_usage(
    nexus: Nexus, options: list[str], said: str
) -> None:
    ended = nexus("run", "cgi.wat", *options)
    assert (ended.code, ended.out) == (2, b"")
    assert said in ended.err


@pytest.mark.parametrize("data", ["abc", "@file", "@-", "\udcff"])
def test_the_body_comes_from_the_option_a_file_or_stdin(nexus: Nexus, data: str) -> None:
    (nexus.folder / "file").write_bytes(b"from a file\0\xff")
    ended = nexus("run", "sha256.wasm", "--method", "POST", "--data", data, stdin=b"from stdin")
    sent = {"@file": b"from a file\0\xff", "@-": b"from stdin", "\udcff": b"\xff"}.get(data, b"abc")
    assert ended.code == 0
    assert hashlib.sha256(sent).hexdigest().encode() in ended.out


def test_json_describes_the_response_and_what_it_took(nexus: Nexus) -> None:
    ended = nexus("run", "hello.wat", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["status"], found["error"]) == (0, "success", None)
    assert found["return_value"] == {
        "status": 200,
        "headers": [["Content-Type", "text/plain"]],
        "body": "Hello from WebAssembly.\n",
    }
    ExecutionResult.model_validate(found)  # the runtime API's shape
    metrics = found["metrics"]
    assert metrics["duration_us"] > 0
    assert metrics["host_calls"] == 1
    assert metrics["memory_peak_bytes"] == 65536
    assert metrics["instruction_count"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trap.wat"], "EXECUTION_ERROR", "unreachable"),
        (["spin.wat", "--timeout-ms", "50"], "TIMEOUT", "0.05 s"),
        (["cut.wasm"], "INVALID_HANDLER", "at byte 0x"),
    ],
)
def test_a_failure_is_said_in_a_line_or_in_json(
    nexus: Nexus, arguments: list[str], code: str, said: str
) -> None:
    plain = nexus("run", *arguments)
    assert (plain.code, plain.out) == (1, b"")
    assert plain.err.startswith(f"error: {code}: ")
    assert said in plain.err
    assert plain.err.count("\n") == 1
    ended = nexus("run", *arguments, "--json")
    found: dict[str, Any] = json.loads(ended.out)
    assert (ended.code, ended.err, found["status"]) == (1, "", "error")
    ExecutionResult.model_validate(found)
    assert found["error"]["code"] == code
    assert said in found["error"]["message"]
    assert (found["metrics"] is None) == (code == "INVALID_HANDLER")


@pytest.mark.parametrize("given", ['{"a": [1, null]}', "@context.json"])
def test_a_context_goes_in_and_a_value_comes_out(nexus: Nexus, given: str) -> None:
    (nexus.folder / "context.json").write_text('{"a": [1, null]}')
    ended = nexus("run", "cat.wat", "--context", given)
    found = json.loads(ended.out)
    assert (ended.code, found["status"]) == (0, "success")
    assert found["return_value"] == {"a": [1, None]}


def test_a_context_without_a_value_is_an_error(nexus: Nexus) -> None:
    ended = nexus("run", "hello.wat", "--context", "{}", "--json")
    assert (ended.code, json.loads(ended.out)["error"]["code"]) == (1, "INVALID_RESPONSE")


def test_raw_passes_everything_through(nexus: Nexus) -> None:
    ended = nexus.installed(
        *("run", "command.wat", "--raw", "--env", "A=1=2", "--env", "B=", "--", "--x", "y z"),
        stdin=b"\0\xff" * 5000,
    )
    assert ended.code == 7
    assert ended.out == b"command.wat\0--x\0y z\0A=1=2\0B=\0" + b"\0\xff" * 5000
    assert ended.err == "command.wat\0--x\0y z\0"


def test_raw_without_an_exit_code_is_0_and_a_trap_1(nexus: Nexus) -> None:
    ended = nexus("run", "cat.wat", "--raw", stdin=b"in")
    assert (ended.code, ended.out, ended.err) == (0, b"in", "")
    ended = nexus("run", "trap.wat", "--raw")
    assert ended.code == 1
    assert ended.err.startswith("error: EXECUTION_ERROR")
