"""`nexus compile`, `inspect`, `config`: what they say, and in JSON."""

from __future__ import annotations

import json
import os
import pty
from io import FileIO
from pathlib import Path

import pytest
import wasmtime

from nexus.http.api.models import HandlerItem

from .conftest import Nexus


def checked(emitted: bytes, returns: int) -> wasmtime.Instance:
    """Instantiate a metered module elsewhere; its checkpoint refills with what it *returns*."""
    store = wasmtime.Store(wasmtime.Engine())
    linker = wasmtime.Linker(store.engine)
    module = wasmtime.Module(store.engine, emitted)  # validates
    (wanted,) = module.imports
    assert (wanted.module, wanted.name) == ("nexus", "checkpoint")
    assert isinstance(wanted.type, wasmtime.FuncType)
    linker.define_func("nexus", "checkpoint", wanted.type, lambda _: returns)
    instance = linker.instantiate(store, module)
    start = instance.exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    start(store)
    return instance


def test_compile_says_what_came_of_it(nexus: Nexus) -> None:
    first = nexus.installed("compile", "hello.wat")
    assert (first.code, first.err) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in first.out.decode().splitlines())
    assert (facts["module"], facts["abi"], facts["compiler"]) == ("hello.wat", "wasi", "cranelift")
    found = json.loads(nexus("compile", "hello.wat", "--json").out)
    assert (found["key"], found["error"], found["metered"]) == (facts["key"], None, None)
    assert found["artifact_bytes"] == int(facts["artifact_bytes"]) > 0


def test_what_compile_emits_runs_elsewhere_and_stops_there(nexus: Nexus, tmp_path: Path) -> None:
    """It is WebAssembly, metered: the checkpoint of whoever runs it can end a loop."""
    ended = nexus("compile", "spin.wat", "--emit", tmp_path / "out.wasm")
    assert ended.code == 0
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        checked((tmp_path / "out.wasm").read_bytes(), returns=-1)


def test_emit_does_not_overwrite_the_module(nexus: Nexus) -> None:
    before = (nexus.folder / "spin.wat").read_bytes()
    ended = nexus("compile", "spin.wat", "--emit", nexus.folder / "spin.wat")
    assert ended.code == 2
    assert "would overwrite the module itself" in ended.err
    assert (nexus.folder / "spin.wat").read_bytes() == before


@pytest.mark.parametrize("where", ["nowhere/out.wasm", "folder.wasm"])
def test_emit_to_where_no_file_can_be_is_bad_usage(nexus: Nexus, where: str) -> None:
    ended = nexus("compile", "hello.wat", "--emit", where)
    assert (ended.code, ended.out) == (2, b"")
    assert f"Error: cannot write {where}: " in ended.err


def test_compile_says_what_is_wrong(nexus: Nexus) -> None:
    ended = nexus("compile", "noentry.wat", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["module"]) == (1, "noentry.wat")
    assert found["error"]["code"] == "INVALID_HANDLER"
    assert "_start" in found["error"]["message"]
    plain = nexus("compile", "noentry.wat")
    assert (plain.code, plain.out) == (1, b"")
    assert plain.err == f"error: INVALID_HANDLER: {found['error']['message']}\n"


def test_inspect_shows_a_module(nexus: Nexus) -> None:
    ended = nexus.installed("inspect", "hello.wat")
    assert (ended.code, ended.err) == (0, "")
    assert "route                /hello" in ended.out.decode()
    (facts,) = json.loads(nexus("inspect", "hello.wat", "--json").out)["handlers"]
    assert (facts["name"], facts["abi"], facts["isolation"]) == ("hello", "wasi", "reset")
    assert facts["imports"] == [
        "wasi_snapshot_preview1.fd_write (i32 i32 i32 i32) -> (i32)",
    ]
    assert facts["memory_min_bytes"] == 65536
    HandlerItem.model_validate({name: facts[name] for name in HandlerItem.model_fields})


def test_inspect_names_the_bad_one_of_a_folder(nexus: Nexus, tmp_path: Path) -> None:
    for name in ("hello.wat", "cat.wat", "cut.wasm"):
        (tmp_path / name).write_bytes((nexus.folder / name).read_bytes())
    (tmp_path / "cat.toml").write_text('methods = ["GET"]\ntimeout_ms = 7\n')
    ended = nexus("inspect", tmp_path)
    lines = ended.out.decode().splitlines()
    assert (ended.code, ended.err, len(lines)) == (1, "", 3)
    assert lines[0].split()[:4] == ["ok", "cat", "/cat", "GET"]
    assert "7 ms" in lines[0]
    assert lines[2].startswith("bad cut.wasm")
    assert "INVALID_HANDLER" in lines[2]
    ended = nexus("inspect", tmp_path, "--json")
    found = json.loads(ended.out)
    assert ended.code == 1
    assert [facts["name"] for facts in found["handlers"]] == ["cat", "hello"]
    assert found["problems"]["cut.wasm"]["code"] == "INVALID_HANDLER"
    (tmp_path / "cut.wasm").unlink()
    assert nexus("inspect", tmp_path).code == 0


def test_a_folder_of_files_is_inspected_but_not_run(nexus: Nexus, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page.txt").write_text("a page")
    (tmp_path / "site.toml").write_text("static = true")
    (facts,) = json.loads(nexus("inspect", tmp_path / "site", "--json").out)["handlers"]
    assert (facts["name"], facts["route"]) == ("site", "/site")
    for command, code in ("run", 1), ("capacity", 1), ("compile", 2):
        ended = nexus(command, tmp_path / "site")
        assert ended.code == code
        assert "is a folder of files: " in ended.err


def test_a_folder_without_a_handler_is_said_to_be_one(nexus: Nexus, tmp_path: Path) -> None:
    ended = nexus("inspect", tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, b"", f"{tmp_path} holds no handler\n")
    for command in "run", "compile", "capacity":
        ended = nexus(command, tmp_path)
        assert ended.code == 1
        assert "is a folder without index.js" in ended.err


def test_inspect_names_a_manifest_without_its_handler(nexus: Nexus, tmp_path: Path) -> None:
    (tmp_path / "hello.wat").write_bytes((nexus.folder / "hello.wat").read_bytes())
    for name in ("hello.toml", "gone.toml", "nexus.toml"):
        (tmp_path / name).write_text("timeout_ms = 7\n")
    ended = nexus("inspect", tmp_path)
    good, warning = ended.out.decode().splitlines()
    assert (ended.code, ended.err, good[:8]) == (0, "", "ok  hell")
    missing = (
        "there is no gone.wasm, gone.wat, gone.py, gone.js, gone.ts, gone.mts, "
        "gone/index.js or gone/main.py"
    )
    assert warning == f"warn gone.toml           a manifest without its handler: {missing}"
    found = json.loads(nexus("inspect", tmp_path, "--json").out)
    assert found["warnings"] == {"gone.toml": f"a manifest without its handler: {missing}"}


def test_inspect_says_on_a_terminal_what_it_compiles(nexus: Nexus, tmp_path: Path) -> None:
    (tmp_path / "seldom.wat").write_text((nexus.folder / "hello.wat").read_text() + ";; seldom")
    said = []
    for _ in range(2):
        ours, theirs = pty.openpty()
        process = nexus.start("inspect", tmp_path, stderr=theirs)
        os.close(theirs)
        process.communicate(timeout=60)
        assert process.returncode == 0
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            said.append(_all_of(terminal))
    assert said == [b"compiling seldom.wat\r\n", b""]


def _all_of(terminal: FileIO) -> bytes:
    """What was written to a terminal that nobody has open any more."""
    try:
        return terminal.read(1 << 16) or b""
    except OSError:  # how Linux says that it was nothing
        return b""


def test_config_says_where_each_value_came_from(nexus: Nexus, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("timeout_ms = 700\nmax_queue = 7\n")
    ended = nexus.installed(
        "config", "--config", file, "--json", NEXUS_MAX_QUEUE="8", MAX_INSTANCES="5"
    )
    found = json.loads(ended.out)
    assert ended.code == 0
    assert found["timeout_ms"] == {"value": 700, "source": str(file), "live": True}
    assert found["max_queue"]["value"] == 8
    assert found["max_queue"]["source"] == "environment variable NEXUS_MAX_QUEUE"
    assert found["max_instances"]["source"] == "environment variable MAX_INSTANCES"
    assert found["max_host_calls"] == {"value": 10_000, "source": "default", "live": True}
    assert found["bind"]["live"] is False
    plain = nexus("config", "--config", file, NEXUS_TIMEOUT="1")
    assert plain.code == 0
    assert "NEXUS_TIMEOUT" in plain.err
    rows = {line.split()[0]: line.split() for line in plain.out.decode().splitlines()}
    assert rows.keys() == found.keys()
    assert rows["timeout_ms"][1:3] == ["700", "live"]
    assert rows["bind"][2] == "-"


def test_config_says_everything_that_is_wrong_at_once(nexus: Nexus, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("max_queue = nan\nmax_instances = 1\n")
    wrong = {"NEXUS_TIMEOUT_MS": "5s", "NEXUS_WORKERS": "-1", "NEXUS_LOG_LEVEL": "loud"}
    ended = nexus("config", "--config", file, **wrong)
    assert (ended.code, ended.out) == (2, b"")
    lines = ended.err.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("error: ") for line in lines)
    for name in ("timeout_ms", "workers", "log_level", "max_queue", "max_instances"):
        assert sum(f" {name}: " in line for line in lines) == 1, name
    assert sum("my.toml" in line for line in lines) == 2
    assert "'5s', allowed: a whole number from 1 to 3600000" in ended.err


def test_config_knows_what_plugins_offer(nexus: Nexus, tmp_path: Path) -> None:
    """Names that only they decide are wrong beside all others, and where they were given."""
    file = tmp_path / "my.toml"
    file.write_text('scheduling_policy = "prioritiy"\nmax_queue = -1\n')
    ended = nexus("config", "--config", file, NEXUS_ENGINE="v8")
    assert (ended.code, ended.out) == (2, b"")
    queue, engine, policy = ended.err.splitlines()
    assert "max_queue" in queue
    assert engine.startswith("error: environment variable NEXUS_ENGINE: engine: found 'v8', allo")
    assert policy.startswith(f"error: {file}: scheduling_policy: found 'prioritiy', allowed: ")
    assert policy.endswith("; did you mean priority?")
