"""The calls of schedules as handlers in each language see them, by a service."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from nexus.errors import NexusError
from nexus.http.app import create_app
from nexus.model import HttpResponse, Scheduled
from nexus.plugins import load_plugins
from nexus.schedules import Ledger, entry, request_for
from nexus.service import Service
from nexus.stores.sqlite import SqliteStore
from tests.services import service_on

TOKEN = "x" * 40
DUE_MS = 1_800_000_000_000
MANIFEST = 'schedule = ["*/5 * * * *"]\nkv = ["self:rw"]\nenv = {NAME = "ann"}\n'
JS = """export default {
  async scheduled(event, env, ctx) {
    const found = [event.cron, event.scheduledTime, event.type, env.NAME];
    ctx.waitUntil((async () => { await null; await env.KV.put("later", "done"); })());
    if (event.cron === "1 * * * *") throw new Error("thrown");
    if (event.cron === "2 * * * *") ctx.waitUntil(Promise.reject(new Error("rejected")));
    console.log(JSON.stringify(found));
  },
};"""
LISTENER = """addEventListener("scheduled", (event) => {
  if (event.cron === "1 * * * *") throw new Error("thrown");
  if (event.cron === "2 * * * *") event.waitUntil(Promise.reject(new Error("rejected")));
  event.waitUntil((async () => { await null; console.log(
    JSON.stringify([event.cron, event.scheduledTime, event.type, event instanceof ScheduledEvent]));
  })());
});"""
PYTHON = """import json
from nexus import kv

async def scheduled(event, env, ctx):
    when = event.scheduled_time.isoformat()
    print(json.dumps([event.cron, when, event.scheduled_ms, env["NAME"]]))
    ctx.wait_until(lambda: kv.put("later", "done"))
    if event.cron == "1 * * * *":
        raise ValueError("thrown")
    if event.cron == "2 * * * *":
        def reject():
            raise ValueError("rejected")
        ctx.wait_until(reject)
"""
SYNC = """def scheduled(event):
    print('["%s"]' % event.cron)
    if event.cron == "1 * * * *":
        raise ValueError("thrown")
    if event.cron == "2 * * * *":
        raise ValueError("rejected")
"""
# Writes its environment to stderr; exits with the first digit of NEXUS_CRON if that is 1 or 2.
WAT = r"""(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $get (i32.const 100) (i32.const 1000)))
    (i32.store (i32.const 8) (i32.const 1000))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 16)))))"""


@pytest.fixture(scope="module")
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, registry: CollectorRegistry
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("handlers")
    sources = {"js.js": JS, "listener.js": LISTENER, "python.py": PYTHON, "sync.py": SYNC}
    sources |= {"command.wat": WAT, "no_js.js": "export default () => new Response()"}
    sources |= {"no_python.py": "def fetch(request, env, ctx): return 'hi'"}
    for file, source in sources.items():
        (folder / file).write_text(source)
        (folder / file).with_suffix(".toml").write_text(MANIFEST)
    with service_on(folder, tmp_path_factory.mktemp("state"), registry) as made:
        made.start_with(folder)
        assert not made.handlers.catalogue.problems
        yield made


def call(service: Service, name: str, cron: str) -> HttpResponse:
    handler = service.handlers.catalogue.handlers[name]
    run = service.dispatcher.new_run(handler, time.monotonic())
    request = request_for(handler, Scheduled(cron, DUE_MS))
    return service.dispatcher.run(handler, request, run)


def kept(service: Service, name: str) -> bytes | None:
    store = service.parts.key_values.store
    found = store.get(f"handler:{name}", "later", 20.0)
    store.delete(f"handler:{name}", "later", 20.0)
    return found


SEEN: dict[str, list[Any]] = {
    "js": ["*/5 * * * *", DUE_MS, "scheduled", "ann"],
    "listener": ["*/5 * * * *", DUE_MS, "scheduled", True],
    "python": ["*/5 * * * *", "2027-01-15T08:00:00+00:00", DUE_MS, "ann"],
    "sync": ["*/5 * * * *"],
}


@pytest.mark.parametrize("name", list(SEEN))
def test_a_handler_sees_what_is_due(
    service: Service, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "nexus.guest"):
        assert call(service, name, "*/5 * * * *").status == 204
    assert [json.loads(record.message) for record in caplog.records] == [SEEN[name]]
    if name in ("js", "python"):
        assert kept(service, name) == b"done"  # what waitUntil got was waited for
    for cron, message in (("1 * * * *", "thrown"), ("2 * * * *", "rejected")):
        with pytest.raises(NexusError, match=message):
            call(service, name, cron)


def test_a_command_finds_it_in_its_environment(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "nexus.guest"):
        assert call(service, "command", "0 3 * * *").status == 204
    found = "".join(record.message for record in caplog.records)
    for variable in ("NEXUS_CRON=0 3 * * *", f"NEXUS_SCHEDULED_TIME={DUE_MS}", "NAME=ann"):
        assert variable in found


@pytest.mark.parametrize("name", ["no_js", "no_python"])
def test_a_handler_without_the_function_says_so(service: Service, name: str) -> None:
    with pytest.raises(NexusError, match="scheduled"):
        call(service, name, "* * * * *")


def test_the_api_calls_it_by_hand(service: Service, registry: CollectorRegistry) -> None:
    client = create_app(service, registry, TOKEN.encode()).test_client()
    auth = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.post("/v1/handlers/js/scheduled", json={}, headers=auth)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["cron"] == "*/5 * * * *"  # the manifest's
    assert abs(answer.json["scheduled_time"] / 1000 - time.time()) < 60
    given = {"cron": "1 * * * *", "scheduled_time": DUE_MS}
    failed = client.post("/v1/handlers/js/scheduled", json=given, headers=auth)
    assert (failed.status_code, failed.json and failed.json["code"]) == (500, "EXECUTION_ERROR")
    wrong = client.post("/v1/handlers/js/scheduled", json={"cron": "soon"}, headers=auth)
    assert wrong.status_code == 400
    assert "cron: found 'soon'" in wrong.text
    shown = client.get("/v1/handlers/js", headers=auth).json
    assert shown is not None
    assert shown["schedule"] == ["*/5 * * * *"]


def test_a_started_service_runs_what_is_due(
    service: Service,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entry, "LATE_MS", 1_800_000)
    now = datetime.now(timezone.utc)
    cron = f"{now.minute} {now.hour} * * *"
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers/h.js").write_text(JS)
    (tmp_path / "handlers/h.toml").write_text(MANIFEST.replace("*/5 * * * *", cron))
    settings = service.settings.model_copy(
        update={"handlers_dir": tmp_path / "handlers", "state_dir": tmp_path / "state"}
    )
    store = SqliteStore.of(settings)
    assert Ledger(store).advance(f"h {cron}", None, int(time.time() * 1000) - 1_800_000)
    registry = CollectorRegistry()
    made = Service(settings, registry, plugins=load_plugins({}, registry, outside=()), environ={})
    with caplog.at_level(logging.INFO, "nexus.schedules"):
        made.start()
        end = time.monotonic() + 60
        while store.get("handler:h", "later", 20.0) is None:
            assert time.monotonic() < end
        made.stop()
    assert 'nexus_scheduled_runs_total{handler="h",outcome="ok"} 1.0' in (
        generate_latest(registry).decode()
    )
    (record,) = [r for r in caplog.records if r.name == "nexus.schedules" and r.levelno == 20]
    assert record.getMessage().startswith(f"h by the schedule {cron} at ")
    store.close()
