"""What the API says of handlers before they are loaded."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus.http import create_app
from tests.http.api.conftest import TOKEN, Api
from tests.http.conftest import Client, make_service
from tests.wat import prints

ASKED = (
    ("GET", "/v1/handlers", None),
    ("GET", "/v1/handlers/json", None),
    ("POST", "/v1/handlers/json/executions", {}),
)


def test_not_loaded_in_time_is_no_404(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    service = make_service(tmp_path, registry, NEXUS_TIMEOUT_MS="50")
    api = Api(Client(create_app(service, registry, TOKEN.encode()), service, registry))
    for asked in ASKED:
        answer = api.call(*asked)
        assert (answer.code, answer.problem()["code"]) == (503, "OVERLOADED")
        assert answer.header("Retry-After") == "1"


def test_an_execution_waits_for_its_handler(tmp_path: Path) -> None:
    (tmp_path / "json.wat").write_text(prints('{"answer": 42}'))
    registry = CollectorRegistry()
    service = make_service(tmp_path, registry)
    api = Api(Client(create_app(service, registry, TOKEN.encode()), service, registry))
    waiting = threading.Event()
    wait_loaded = service.handlers.wait_loaded

    def said(timeout_s: float) -> bool:
        waiting.set()
        return wait_loaded(timeout_s)

    service.handlers.wait_loaded = said  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as threads:
        early = threads.submit(api.call, *ASKED[-1])
        assert waiting.wait(5)
        service.start_with(tmp_path)
        assert json.loads(early.result(10).body)["return_value"] == {"answer": 42}
    service.stop(grace_s=5.0)
