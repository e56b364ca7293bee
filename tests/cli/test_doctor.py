"""`nexus doctor`: it finds what is wrong, and says what to do."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from nexus.cli.doctor.machine import check_cpu
from nexus.cli.doctor.store import check_store
from nexus.config import Settings, load
from nexus.pod.derived import sized
from nexus.versions.sqlite import SqliteStore
from tests.pod.machine import v2_machine

from .conftest import Nexus

Finding = dict[str, Any]


def examine(nexus: Nexus, *arguments: object, code: int = 0, **environ: str) -> list[Finding]:
    ended = nexus("doctor", "--json", *arguments, **environ)
    assert ended.code == code, ended.err
    found: list[Finding] = json.loads(ended.out)
    for finding in found:
        assert bool(finding["cure"]) == (finding["state"] != "ok"), finding
    return found


def about(found: list[Finding], subject: str) -> list[Finding]:
    return [finding for finding in found if finding["subject"] == subject]


@pytest.fixture
def handlers(tmp_path: Path) -> Path:
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "hello.js").write_text("export default () => 1")
    return folder


def test_a_sound_machine(nexus: Nexus, handlers: Path) -> None:
    found = examine(nexus, "--handlers", handlers, "--bind", "127.0.0.1:0")
    assert {finding["state"] for finding in found} <= {"ok", "warning"}
    assert {finding["subject"] for finding in found} >= {
        *("python", "plugins", "engine", "javascript", "python handlers", "pagemap", "cpu"),
        *("memory", "descriptors", "cache", "TMPDIR", "handlers", "versions", "bind"),
        "runtime API",
    }


def test_what_is_wrong_is_said(nexus: Nexus, handlers: Path) -> None:
    (handlers / "hello.toml").write_text("timeout_ms = 'soon'")
    (handlers / "lost.toml").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as holder:
        bind = f"127.0.0.1:{holder.getsockname()[1]}"
        found = examine(
            nexus,
            *("--handlers", handlers, "--bind", bind),
            code=1,
            NEXUS_ADMIN_TOKEN="not allowed",
            NEXUS_TIMEUT_MS="5",
        )
    states = [(entry["state"], entry["found"]) for entry in about(found, "handlers")]
    assert states[0][0] == "error"
    assert states[0][1].startswith("hello.toml: timeout_ms: found 'soon'")
    assert states[1] == ("warning", states[1][1])
    assert states[1][1].startswith("lost.toml: a manifest without its handler")
    assert about(found, "bind")[0]["found"] == f"another process listens on {bind}"
    assert about(found, "runtime API")[0]["state"] == "error"
    assert "did you mean NEXUS_TIMEOUT_MS?" in about(found, "settings")[0]["found"]


def test_the_store_of_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(handlers_dir=tmp_path, cache_dir=tmp_path)
    store = SqliteStore(settings.state_dir)
    store.write("handlers/h", b"{}", None)
    store.write("tokens", b"{}", None)
    store.close()
    found = check_store(settings)
    said = f"sqlite in {tmp_path}/.nexus; handlers with versions: 1"
    assert found == ("versions", "ok", said, "")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    found = check_store(settings)
    assert (found.state, found.found) == (
        "warning",
        f"{tmp_path}/.nexus cannot be written: nothing can be deployed",
    )
    (tmp_path / ".nexus" / "versions.sqlite").write_bytes(b"something else" * 100)
    found = check_store(settings)
    assert (found.state, found.cure.partition(",")[0]) == (
        "error",
        "let this user read and write it",
    )
    url = "postgresql://nexus@127.0.0.1:1/x"
    found = check_store(settings.model_copy(update={"version_store": url}))
    assert (found.state, found.found.partition(" cannot")[0]) == ("error", f"the store {url}")
    assert "PGPASSWORD" in found.cure


def test_wrong_settings_are_a_finding(nexus: Nexus) -> None:
    found = examine(nexus, code=1, NEXUS_SCHEDULING_POLICY="fiar", NEXUS_BIND="here")
    lines = [entry["found"] for entry in about(found, "settings")]
    assert any("NEXUS_BIND: bind: found 'here'" in line for line in lines)
    assert any("did you mean fair?" in line for line in lines)


def test_no_handlers_folder(nexus: Nexus) -> None:
    (found,) = about(examine(nexus, "--handlers", "missing", code=1), "handlers")
    assert found["cure"].startswith("nexus new hello")


def test_a_cache_that_others_may_write(nexus: Nexus, handlers: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    found = examine(nexus, "--handlers", handlers, code=1, NEXUS_CACHE_DIR=str(cache))
    assert about(found, "cache")[0]["cure"] == f"chmod go-w {cache}"


def test_an_engine_that_is_not_there(nexus: Nexus, handlers: Path) -> None:
    found = examine(
        nexus,
        *("--handlers", handlers, "--engine", "wasmer", "--compiler", "cranelift"),
        code=1,
        NEXUS_DISABLED_PLUGINS="wasmer",
    )
    assert "allowed: auto, wasmtime" in about(found, "settings")[0]["found"]


def test_a_quota_that_runs_out(tmp_path: Path) -> None:
    def cpu_with(throttled: int) -> tuple[str, str]:
        files = {
            "pod/cpu.max": "100000 100000",
            "pod/cpu.stat": f"nr_periods 100\nnr_throttled {throttled}\nthrottled_usec 1\n",
        }
        root = v2_machine(tmp_path / str(throttled), "/pod", files)
        loaded = load({"cache_dir": str(tmp_path)}, {}, tmp_path)
        found = check_cpu(sized(loaded, root), root)
        return found.state, found.found

    assert cpu_with(5)[0] == "ok"
    state, text = cpu_with(60)
    assert state == "warning"
    assert "ran out in 60% of the periods" in text
