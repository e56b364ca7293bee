"""A secret reaches its handler at each request, and nobody else: logs, API, errors and disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import ROOT, shared_cache

from .conftest import Server, all_have_loaded, serving, until

FROM_FILE, FROM_VARIABLE, LATER = "sk_live_5f31c0de", "whsec_77aa01", "sk_live_rotated_9"
HIDDEN = (FROM_FILE, FROM_VARIABLE, LATER)
TOKEN = {"Authorization": "Bearer admin"}
JSON = {**TOKEN, "Content-Type": "application/json"}

JS = """
export default {
  async fetch(request, env) {
    const text = `${env.MODE} ${env.STRIPE_KEY} ${env.HOOK}`;
    if (request.url.endsWith("/show")) return new Response(text);
    console.log("logged", JSON.stringify(env));
    throw new Error(`thrown ${text}`);
  },
  run: (context, env) => ({ n: env.STRIPE_KEY.length + env.HOOK.length }),
};
"""
PYTHON = """
import os

def fetch(request, env):
    text = f"{env['MODE']} {os.environ['STRIPE_KEY']} {env['HOOK']}"
    if request.url.endswith("/show"):
        return text
    print("logged", dict(os.environ))
    raise ValueError("thrown " + text)
"""
WAT = """(module
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 32) "Content-Type: text/plain\\n\\n")
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 12)))
    (drop (call $get (i32.const 1024) (i32.const 8192)))
    (i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 26))
    (i32.store (i32.const 8) (i32.const 8192))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 16)))))"""
MANIFEST = """
secrets = ["STRIPE_KEY", "HOOK"]
env = { MODE = "live" }
"""
SOURCES = {"pay.js": JS, "bill.py": PYTHON, "raw.wat": WAT}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("place")
    (made / "handlers").mkdir()
    (made / "secrets").mkdir()
    (made / "server").mkdir()
    for file, source in SOURCES.items():
        (made / "handlers" / file).write_text(source)
        (made / "handlers" / file).with_suffix(".toml").write_text(MANIFEST)
    (made / "secrets/STRIPE_KEY").write_text(f"{FROM_FILE}\n")
    return made


def variables(place: Path) -> dict[str, str]:
    return {
        "NEXUS_CACHE_DIR": str(shared_cache()),
        "NEXUS_SECRETS_DIR": str(place / "secrets"),
        "NEXUS_SECRET_HOOK": FROM_VARIABLE,
        "NEXUS_ADMIN_TOKEN": "admin",
        "NEXUS_LOG_LEVEL": "debug",
        "NEXUS_DEBUG": "true",  # errors then quote their guest
        "NEXUS_MEMORY_LIMIT_MB": "64",
    }


@pytest.fixture(scope="module")
def server(http_server: str, place: Path) -> Iterator[Server]:
    (place / "secrets/STRIPE_KEY").write_text(f"{FROM_FILE}\n")
    with serving(place / "handlers", place / "server", **variables(place)) as running:
        until(lambda: all_have_loaded(running.log.read_text(), 2))
        yield running


def command(place: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from nexus.cli import main; main()", *words],
        env={**os.environ, **variables(place), "PYTHONPATH": str(ROOT)},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout + done.stderr


def test_each_language_has_the_secrets_and_the_variables(server: Server) -> None:
    for name in ("pay", "bill"):
        assert server.get(f"/{name}/show").body == f"live {FROM_FILE} {FROM_VARIABLE}".encode()
    pairs = server.get("/raw").body.split(b"\0")
    wanted = {b"MODE=live", b"STRIPE_KEY=" + FROM_FILE.encode(), b"HOOK=" + FROM_VARIABLE.encode()}
    assert wanted <= set(pairs)


def test_a_json_context_has_them(server: Server) -> None:
    answer = server.get("/v1/handlers/pay/executions", b'{"context": {}}', JSON)
    assert json.loads(answer.body)["return_value"] == {"n": len(FROM_FILE + FROM_VARIABLE)}


def test_nobody_else_sees_them(server: Server, place: Path) -> None:
    shown = [
        server.get("/pay/fail").body.decode(),
        server.get("/bill/fail").body.decode(),
        server.get("/v1/handlers", headers=TOKEN).body.decode(),
        server.get("/v1/handlers/pay", headers=TOKEN).body.decode(),
        server.get("/v1/config", headers=TOKEN).body.decode(),
        server.get("/metrics").body.decode(),
        command(place, "config"),
        command(place, "config", "--json"),
        command(place, "inspect", "handlers", "--json"),
        command(place, "run", "handlers/pay.js", "--path", "/pay/fail"),
    ]
    # The error bodies and the log had something to hide.
    assert all("thrown live (hidden) (hidden)" in text for text in shown[:2])
    assert '"STRIPE_KEY"' in shown[2]
    assert "secrets_dir" in shown[6]
    server.get("/raw")
    until(lambda: "STRIPE_KEY=(hidden)" in server.log.read_text())
    log = server.log.read_text()
    assert log.count("logged") >= 2
    assert "(hidden)" in log
    for secret in HIDDEN:
        assert not [text for text in (*shown, log) if secret in text]


def test_no_file_has_them(server: Server, place: Path) -> None:
    files = [
        path
        for folder in (shared_cache(), place)
        for path in folder.rglob("*")
        if path.is_file() and path.parent != place / "secrets"
    ]
    assert len(files) > len(SOURCES)
    for path in files:
        with suppress(FileNotFoundError):  # other tests use the cache meanwhile
            content = path.read_bytes()
            assert not [secret for secret in HIDDEN if secret.encode() in content], path


def test_a_change_of_the_file_reaches_both_workers(server: Server, place: Path) -> None:
    (place / "secrets/STRIPE_KEY").write_text(LATER)
    wanted = f"live {LATER} {FROM_VARIABLE}".encode()
    until(lambda: all(server.get("/pay/show").body == wanted for _ in range(20)))
