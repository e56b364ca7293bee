"""Results that are kept for callers who come back, and for how long."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from nexus.errors import ExecutionGone, ExecutionNotFound
from nexus.model import ExecutionResult
from nexus.suspension import KeptResults, kept, sentences


def success(value: Any = None) -> ExecutionResult:
    return ExecutionResult("success", value, execution_id="x", events=[{"name": "n"}])


def test_a_result_is_kept_and_found_again() -> None:
    results = KeptResults(60.0)
    results.begin("x")
    assert results.find("x", 0.0) is None
    results.keep("x", success([1, "é"]))
    for _ in range(2):
        found = results.find("x", 0.0)
        assert found is not None
        assert found.to_json() == success([1, "é"]).to_json()


def test_an_execution_that_was_never_suspended_is_unknown() -> None:
    results = KeptResults(60.0)
    results.keep("x", success())
    results.drop("x", "why")
    with pytest.raises(ExecutionNotFound, match="no execution 'x' was suspended here"):
        results.find("x", 0.0)


def test_a_caller_waits_for_the_end() -> None:
    results = KeptResults(60.0)
    results.begin("x")
    found: list[ExecutionResult | None] = []
    waiting = threading.Thread(target=lambda: found.append(results.find("x", 20.0)))
    waiting.start()
    results.begin("y")
    results.keep("y", success("other"))
    results.keep("x", success("mine"))
    waiting.join(10)
    assert [result and result.return_value for result in found] == ["mine"]


def test_a_caller_does_not_wait_longer_than_asked() -> None:
    results = KeptResults(60.0)
    results.begin("x")
    began = time.monotonic()
    assert results.find("x", 0.05) is None
    assert time.monotonic() - began >= 0.05


def test_a_result_is_forgotten_in_time() -> None:
    results = KeptResults(0.0)
    results.begin("x")
    results.keep("x", success())
    with pytest.raises(ExecutionGone, match="is forgotten now"):
        results.find("x", 0.0)


def test_an_execution_that_ended_without_a_result() -> None:
    results = KeptResults(60.0)
    results.begin("x")
    results.drop("x", "not resumed within 5 s")
    with pytest.raises(ExecutionGone, match="no result: not resumed within 5 s"):
        results.find("x", 20.0)


def test_the_oldest_results_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 5000)
    results = KeptResults(60.0)
    for name in ("oldest", "middle", "newest"):
        results.begin(name)
        results.keep(name, success("x" * 2000))
    with pytest.raises(ExecutionGone):
        results.find("oldest", 0.0)
    for name in ("middle", "newest"):
        assert results.find(name, 0.0) is not None
    assert 0 < results._bytes <= 5000


def test_so_many_ended_executions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "MOST", 2)
    results = KeptResults(60.0)
    for name in ("a", "b", "c"):
        results.begin(name)
        results.drop(name, "why")
    with pytest.raises(ExecutionNotFound):
        results.find("a", 0.0)
    for name in ("b", "c"):
        with pytest.raises(ExecutionGone):
            results.find(name, 0.0)
