"""Requests of all kinds to real guests, under `verify_resets`: after each, all of the instance's
memory is compared with the snapshot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from nexus.pool.mapping import Mapping
from tests import support
from tests.http.conftest import Client, make_service

SCRIBBLES = """
let kept = [];
export default { async fetch(request) {
  const { sizes, text } = JSON.parse(new URL(request.url).searchParams.get("plan") ?? "{}");
  for (const size of sizes ?? []) kept.push(new Uint8Array(size).fill(size % 251));
  kept.push(text, new Map([[text, kept.length]]), () => kept);
  const body = new Uint8Array(await request.arrayBuffer());
  body.sort();
  globalThis.left = { body, random: crypto.getRandomValues(new Uint8Array(64)), at: Date.now() };
  return new Response(String(kept.length), { headers: { "X-Size": String(body.length) } });
} };
"""
GUESTS = ("hello.wat", "sha256.wasm", "chart.wasm", "transform.js")
PLANS = st.fixed_dictionaries(
    {"sizes": st.lists(st.integers(0, 300_000), max_size=5), "text": st.text(max_size=200)}
)


@pytest.fixture(scope="module", params=support.QUICK_ENGINES, ids=support.engine_ids)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    engine, compiler = request.param
    folder = tmp_path_factory.mktemp("handlers")
    for name in GUESTS:
        shutil.copy(support.EXAMPLES / name, folder / name)
    (folder / "scribbles.js").write_text(SCRIBBLES)
    registry = CollectorRegistry()
    service = make_service(
        folder,
        registry,
        NEXUS_VERIFY_RESETS="true",
        NEXUS_ENGINE=engine,
        NEXUS_COMPILER=compiler,
        NEXUS_CACHE_DIR=str(support.shared_cache()),
        NEXUS_MAX_REQUEST_BYTES="100000",
    )
    service.start_with(folder)
    assert not service.handlers.catalogue.problems
    yield Client(create_app(service, registry), service, registry)
    service.stop(grace_s=5.0)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=PLANS, body=st.binary(max_size=3000))
def test_javascript_leaves_nothing(client: Client, plan: dict[str, object], body: bytes) -> None:
    """What it keeps in its own variables is gone, too: each request finds them empty."""
    answer = client.call("/scribbles", "POST", body, QUERY_STRING=f"plan={_quoted(plan)}")
    assert answer.code == 200, answer.body
    assert answer.body == str(len(plan["sizes"]) + 3).encode()  # type: ignore[arg-type]


def _quoted(plan: object) -> str:
    return "".join(f"%{byte:02x}" for byte in json.dumps(plan).encode())


def test_real_guests_leave_nothing(client: Client) -> None:
    chooses = Random(13)
    for _ in range(400):
        size = chooses.choice([0, 1, 100, 5000, 70_000])
        body = chooses.randbytes(size)
        query = (
            f"values={chooses.randrange(99)},{chooses.randrange(9)}&width={chooses.randrange(900)}"
        )
        path = chooses.choice(["/hello", "/sha256", "/chart", "/transform", "/scribbles"])
        method = chooses.choice(["GET", "POST"])
        answer = client.call(path, method, body, QUERY_STRING=query)
        assert b'"code": "INTERNAL_ERROR"' not in answer.body, (path, answer.body)
    # Where no reset goes wrong, few instances serve them all; those whose memory grew are replaced.
    assert client.count("pool_instances_created_total") < 250


def test_a_reset_that_is_not_complete_is_an_internal_error(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.call("/scribbles", "POST", b"")
    before = client.count("pool_instances_created_total")
    monkeypatch.setattr(Mapping, "reset", lambda self: None)
    answer = client.call("/scribbles", "POST", b"")
    assert answer.problem()["code"] == "INTERNAL_ERROR"
    assert "a reset was not complete: the byte at 0x" in caplog.text
    monkeypatch.undo()
    assert client.call("/scribbles", "POST", b"").code == 200
    assert client.count("pool_instances_created_total") == before + 1  # it was dropped
