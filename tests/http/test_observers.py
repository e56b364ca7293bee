"""What plugins see of a run's calls, and what happens if they fail at it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.http.filters import Filtering
from nexus.model import Compiled, Handler, Limits, ModuleInfo, OutboundFailure, OutboundRequest
from nexus.outbound.client import OutboundClient, OutboundLimits
from nexus.plugin_api.filters import KeyValueCall
from nexus.plugin_api.stores import StoreUnavailable
from nexus.run import Execution
from nexus.stores.session import Session as KeyValueSession
from nexus.stores.sqlite import SqliteStore
from tests.outbound.caller import outcome_of
from tests.outbound.servers import Server

_INFO = ModuleInfo((), (), 0, 0, False, (), None, False, 0, 0, 0)
HANDLER = Handler("hello", "/hello", Compiled("key", b"", _INFO, "wasi"))


class Observing:
    """A filter, the observer that it makes, and the calls that this sees."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self.seen: list[Any] = []

    def observer(self, handler: Handler, environ: dict[str, Any]) -> Observing:
        self.seen.append(handler.name)
        return self

    def outbound(self, method: str, url: str, headers: Mapping[str, str]) -> Observing:
        self.seen.append((method, url, headers.get("X-A")))
        return self

    def end(self, record: Any) -> None:
        self.seen.append((record.outcome, record.status))

    def key_value(self, call: KeyValueCall) -> None:
        self.seen.append(call[:3])


class Failing(Observing):
    """Fails in the calls that *fails* names."""

    def __init__(self, *fails: str) -> None:
        super().__init__({})
        for name in fails:
            setattr(self, name, self._fail)

    def _fail(self, *arguments: Any) -> Any:
        raise ZeroDivisionError


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Iterator[Execution]:
    """A run that may call *server*, and has a key-value store."""
    found = Execution("x-1", Limits(), time.monotonic() + 9)
    client = OutboundClient(OutboundLimits(4, 1 << 20, 5.0))
    handler = Handler("hello", "/hello", HANDLER.compiled, http=(server.url,))
    found.outbound = client.open(handler, found)
    store = SqliteStore(tmp_path / "kv.sqlite")
    found.key_value = KeyValueSession(found, "hello", {"mine": True}, store, 1 << 20, 5.0)
    yield found
    store.close()
    client.close()


def observe(run: Execution, *filters: Any) -> list[str]:
    """Let *filters* observe *run*; return the list of plugins whose errors are counted."""
    failed: list[str] = []
    service: Any = SimpleNamespace(plugin_errors=SimpleNamespace(count=failed.append))
    named = [(f"p{number}", found) for number, found in enumerate(filters)]
    Filtering(named, service).observe(HANDLER, {}, run)
    return failed


def test_observers_see_each_call_and_set_headers(run: Execution, server: Server) -> None:
    one, other = Observing({"X-One": "1", "X-A": "2"}), Observing({"X-Other": "3"})
    assert observe(run, one, object(), other) == []
    assert run.outbound is not None
    outcome_of(run.outbound, f"{server.url}/x?secret", headers=[("x-a", "guest's")])  # type: ignore[arg-type]
    number = run.outbound.start(OutboundRequest("GET", server.url))
    run.outbound.cancel(number)  # type: ignore[arg-type]
    refused = run.outbound.start(OutboundRequest("GET", "http://other.test/"))
    assert isinstance(refused, OutboundFailure)
    assert one.seen == [
        "hello",
        ("GET", f"{server.url}/x", "guest's"),
        ("answered", 200),
        ("GET", f"{server.url}/", None),
        ("cancelled", 0),
    ]
    assert len(other.seen) == 5
    sent = server.seen[0]
    assert [sent.header(name) for name in ("x-one", "x-a", "x-other")] == ["1", "2", "3"]


def test_observers_see_the_key_value_store(run: Execution, monkeypatch: Any) -> None:
    one = Observing({})
    observe(run, one)
    assert run.key_value is not None
    run.key_value.put("mine", "key", b"value", None)
    assert run.key_value.get("mine", "key") == b"value"
    monkeypatch.setattr(SqliteStore, "delete", _raises)
    with pytest.raises(StoreUnavailable):
        run.key_value.delete("mine", "key")
    assert one.seen[1:] == [
        ("put", "mine", "ok"),
        ("get", "mine", "ok"),
        ("delete", "mine", "unavailable"),
    ]


def _raises(*arguments: Any) -> None:
    raise StoreUnavailable("away")


@pytest.mark.parametrize("fails", ["observer", "outbound", "end", "key_value"])
def test_an_observer_that_fails_stops_nothing(
    fails: str, run: Execution, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    other = Observing({})
    failed = observe(run, Failing(fails), other)
    assert run.outbound is not None
    assert run.key_value is not None
    outcome_of(run.outbound, server.url)  # type: ignore[arg-type]
    run.key_value.put("mine", "key", b"value", None)
    assert len(server.seen) == 1
    assert len(other.seen) == 4
    assert failed == ["p0"]
    assert "plugin p0: its observer of calls failed" in caplog.text
