"""Suspended executions over HTTP: two workers, and whichever answers resumes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, shared_cache

from .conftest import Answer, Server, serving, until

TOKEN = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
JAVASCRIPT = """
export default async ({ args }) => {
  let total = 0;
  for (let n = 1; n <= 3; n++) {
    $emit("asking", n);
    try {
      total += await $ext.oracle.double(args.by * n);
    } catch (error) {
      $emit(error.name, error.message);
    }
  }
  return total;
};
"""
C = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nexus.h"

int main(void) {
  char text[32] = {0};
  nexus_scope(text, sizeof text - 1);
  int by = atoi(text), total = 0;
  for (int n = 1; n <= 3; n++) {
    int size = snprintf(text, sizeof text, "%d", n);
    nexus_emit("asking", 6, text, size);
    size = snprintf(text, sizeof text, "%d", by * n);
    memset(text + size, 0, sizeof text - size);
    int got = nexus_ext_call("oracle", 6, "double", 6, text, size);
    memset(text, 0, sizeof text);
    if (got == NEXUS_FAILED) {
      char reason[64];
      int length = nexus_ext_result(reason, sizeof reason);
      nexus_emit("ExtensionError", 14, reason, length);
      continue;
    }
    if (got < 0 || nexus_ext_result(text, sizeof text - 1) != got) return 1;
    total += atoi(text);
  }
  printf("%d\n", total);
  return 0;
}
"""
TIMERS = """export default async () => {
  const asked = [$ext.oracle.approve(1), $ext.oracle.ask(2)];
  const late = new Promise((_, no) => setTimeout(no, 700, new Error("approval timed out")));
  return Promise.race([...asked, late]).catch((error) => error.message);
};"""
WAITS = """export default () => $ext.oracle.double(1);"""
ASKS = """(module (import "nexus" "ext_call"
    (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "oracleask1")
  (func (export "_start") (drop (call $call (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 3)
    (i32.const 9) (i32.const 1)))))"""
GRANTS = 'capabilities = ["ext:oracle", "events:emit:*"]\n'
CONTEXTS = {"javascript": {"args": {"by": 7}}, "c": {"scope": 7}}


def compile_c(folder: Path) -> bytes:
    (folder / "main.c").write_text(C)
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-Os", "-s"]
    include = ["-I", str(ROOT / "examples" / "include")]
    subprocess.run([*command, *include, "-o", "main.wasm", "main.c"], cwd=folder, check=True)
    return (folder / "main.wasm").read_bytes()


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("ziglang")
    folder = tmp_path_factory.mktemp("suspending")
    (folder / "c.wasm").write_bytes(compile_c(tmp_path_factory.mktemp("c")))
    (folder / "javascript.js").write_text(JAVASCRIPT)
    (folder / "waits.js").write_text(WAITS)
    (folder / "timers.js").write_text(TIMERS)
    for name in ("c", "javascript", "timers", "waits"):
        (folder / f"{name}.toml").write_text(GRANTS)
    scratch = tmp_path_factory.mktemp("server")
    environ = {"NEXUS_ADMIN_TOKEN": "secret", "NEXUS_CACHE_DIR": str(shared_cache())}
    with serving(folder, scratch, NEXUS_MAX_SUSPENDED="100", **environ) as running:
        yield running


def post(server: Server, path: str, body: Any) -> Answer:
    # A connection each: the kernel gives it to either worker.
    return server.get(path, json.dumps(body).encode(), TOKEN)


def execute(server: Server, name: str) -> dict[str, Any]:
    answer = post(server, f"/v1/handlers/{name}/executions", {"context": CONTEXTS.get(name)})
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


def resume(server: Server, result: dict[str, Any], **answer: Any) -> Answer:
    assert result["status"] == "suspended", result
    return post(server, f"/v1/suspensions/{result['suspension']['id']}", answer)


def listed(server: Server) -> list[dict[str, Any]]:
    found = json.loads(server.get("/v1/suspensions", headers=TOKEN).body)["suspensions"]
    return list(found)


def workers_of(results: list[dict[str, Any]]) -> set[str]:
    return {result["suspension"]["id"].split("-")[0] for result in results}


@pytest.mark.parametrize("name", ["javascript", "c"])
def test_three_times_in_a_loop_and_the_right_answer(server: Server, name: str) -> None:
    def run(_: int) -> dict[str, Any]:
        result = execute(server, name)
        for n in (1, 2, 3):
            assert result["suspension"]["method"] == "double"
            assert result["suspension"]["arguments"] == 7 * n
            assert [event["payload"] for event in result["events"]] == [n], "only what is new"
            answer = resume(server, result, success=True, value=14 * n)
            assert answer.status == 200, f"{answer.body!r}\n{server.log.read_text()[-8000:]}"
            result = json.loads(answer.body)
        return result

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(run, range(12)))
    assert [(r["status"], r["return_value"]) for r in results] == [("success", 84)] * 12
    assert [r["events"] for r in results] == [[]] * 12


def test_both_workers_suspend_and_resume(server: Server) -> None:
    results: list[dict[str, Any]] = []

    def both() -> bool:
        results.append(execute(server, "waits"))
        return len(workers_of(results)) == 2

    until(both)
    assert {item["id"] for item in listed(server)} == {r["suspension"]["id"] for r in results}
    for number, result in enumerate(results):
        done = json.loads(resume(server, result, success=True, value=number).body)
        assert (done["status"], done["return_value"]) == ("success", number)
    assert listed(server) == []
    metric = 'nexus_suspensions_total{outcome="resumed"}'
    until(lambda: server.metric(metric) >= len(results))


@pytest.mark.parametrize("name", ["javascript", "c"])
def test_an_error_is_caught_in_the_guest(server: Server, name: str) -> None:
    result = execute(server, name)
    result = json.loads(resume(server, result, success=False, error="no such customer").body)
    assert [(event["name"], event["payload"]) for event in result["events"]] == [
        ("ExtensionError", "no such customer"),
        ("asking", 2),
    ]
    for n in (2, 3):
        result = json.loads(resume(server, result, success=True, value=n).body)
    assert (result["status"], result["return_value"]) == ("success", 5)


def test_of_many_who_resume_one_wins(server: Server) -> None:
    for _ in range(5):
        result = execute(server, "waits")
        together = threading.Barrier(4)

        def attempt(
            n: int, of: dict[str, Any] = result, at: threading.Barrier = together
        ) -> Answer:
            at.wait(10)
            return resume(server, of, success=True, value=n)

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(attempt, range(4)))
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
        lost = next(json.loads(answer.body) for answer in answers if answer.status == 409)
        assert lost["code"] == "SUSPENSION_CONFLICT"


def test_cancelled_it_is_gone(server: Server) -> None:
    result = execute(server, "waits")
    path = f"/v1/suspensions/{result['suspension']['id']}"
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", headers=TOKEN, method="DELETE"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 204
    gone = resume(server, result, success=True)
    assert (gone.status, json.loads(gone.body)["code"]) == (410, "SUSPENSION_GONE")


def executed(server: Server, execution_id: str, wait_ms: int = 0) -> Answer:
    return server.get(f"/v1/executions/{execution_id}?wait_ms={wait_ms}", headers=TOKEN)


def test_a_result_can_be_fetched_from_either_worker(server: Server) -> None:
    """A client whose connection broke asks again; the kernel gives it to either worker."""
    result = execute(server, "waits")
    standing = executed(server, result["execution_id"])
    assert standing.status == 202
    assert json.loads(standing.body)["suspensions"] == [result["suspension"]]
    assert resume(server, result, success=True, value=5).status == 200
    for _ in range(10):
        answer = executed(server, result["execution_id"])
        assert (answer.status, json.loads(answer.body)["return_value"]) == (200, 5)


def test_a_timer_ends_it_without_anybody_asking(server: Server) -> None:
    results = [execute(server, "timers") for _ in range(6)]
    for result in results:
        assert [q["method"] for q in result["suspensions"]] == ["approve", "ask"]
        answer = executed(server, result["execution_id"], 20_000)
        found = json.loads(answer.body)
        assert (answer.status, found["return_value"]) == (200, "approval timed out")
        assert [question["method"] for question in found["unanswered"]] == ["approve", "ask"]
        late = resume(server, result, success=True, value=1)
        problem = json.loads(late.body)
        assert (late.status, problem["code"]) == (409, "SUSPENSION_CONFLICT")
        assert f"/v1/executions/{result['execution_id']}" in problem["detail"]
    assert server.metric('nexus_suspensions_total{outcome="ended"}') >= len(results)


def test_an_execution_that_nobody_knows(server: Server) -> None:
    answer = executed(server, "nowhere")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "EXECUTION_NOT_FOUND")


def test_an_id_that_nobody_gave_out(server: Server) -> None:
    result = execute(server, "waits")
    known = result["suspension"]["id"]
    for unknown in ("x", known[:-1] + ("0" if known[-1] != "0" else "1")):
        answer = post(server, f"/v1/suspensions/{unknown}", {"success": True})
        assert (answer.status, json.loads(answer.body)["code"]) == (404, "SUSPENSION_NOT_FOUND")
    assert resume(server, result, success=True).status == 200


def test_the_worker_that_had_it_was_killed(server: Server) -> None:
    """Last: it takes a worker away, which gunicorn replaces."""
    before = server.workers()
    victim = before.pop()
    results = [execute(server, "waits")]
    while len(workers_of(results)) < 2:
        results.append(execute(server, "waits"))
        assert len(results) < 100, "one worker answers all"
    subprocess.run(["kill", "-9", str(victim)], check=True)
    until(lambda: len(server.workers() - before - {victim}) == 1)
    statuses: dict[str, set[int]] = {name: set() for name in workers_of(results)}
    for result in results:
        name = result["suspension"]["id"].split("-")[0]
        statuses[name].add(resume(server, result, success=True, value=1).status)
    assert sorted(statuses.values(), key=sorted) == [{200}, {410}]


def test_a_drained_server_ends_what_is_suspended(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "asks.wat").write_text(ASKS)
    (tmp_path / "handlers" / "asks.toml").write_text(GRANTS)
    scratch = tmp_path / "server"
    scratch.mkdir()
    environ = {"NEXUS_ADMIN_TOKEN": "secret", "NEXUS_WORKERS": "1"}
    with serving(tmp_path / "handlers", scratch, **environ) as server:
        for _ in range(3):
            assert execute(server, "asks")["status"] == "suspended"
        began = time.monotonic()
        server.process.terminate()
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 10
    assert '"level": "error"' not in server.log.read_text()
