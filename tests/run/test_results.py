"""Results as the runtime API gives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nexus.errors import GuestTrap, InternalError
from nexus.model import SuspensionInfo
from nexus.run import Execution, results
from tests import support

INFO = SuspensionInfo("s1", "h", "x1", "db", "get", ["k"], suspended_at=10.0, expires_at=310.0)


def used() -> Execution:
    run = support.run()
    usage = run.usage
    usage.duration_s, usage.cpu_s, usage.queue_s = 0.0015, 0.0005, 0.0000007
    usage.memory_used_bytes, usage.memory_peak_bytes = 1, 2
    usage.host_calls, usage.instructions = 3, 4
    run.effects.events.append({"name": "e"})
    return run


METRICS = {
    "duration_us": 1500,
    "cpu_us": 500,
    "queue_us": 1,
    "memory_used_bytes": 1,
    "memory_peak_bytes": 2,
    "host_calls": 3,
    "instruction_count": 4,
    "cache_hit": True,
}


def test_a_success_has_its_value_and_what_was_asked_of_others() -> None:
    run = used()
    result = results.succeeded(run, {"n": 1})
    assert result.to_json() == {
        "status": "success",
        "execution_id": run.execution_id,
        "return_value": {"n": 1},
        "state_mutations": [],
        "events": [{"name": "e"}],
        "view_commands": [],
        "suspension": None,
        "suspensions": [],
        "unanswered": [],
        "error": None,
        "metrics": METRICS,
    }


def test_effects_are_in_one_result_only() -> None:
    run = used()
    assert len(results.suspended(run, [INFO]).events) == 1
    run.effects.events.append({"name": "later"})
    assert results.succeeded(run, None).events == [{"name": "later"}]


def test_an_error_keeps_what_was_asked_until_then() -> None:
    result = results.failed(used(), GuestTrap("unreachable"), cache_hit=False)
    assert (result.status, result.return_value) == ("error", None)
    assert result.error == {"code": "EXECUTION_ERROR", "message": "unreachable"}
    assert result.events == [{"name": "e"}]
    assert result.metrics == {**METRICS, "cache_hit": False}


def test_what_went_wrong_inside_stays_in_the_log() -> None:
    result = results.failed(used(), InternalError("KeyError: '/secret/path'"))
    assert result.error == {"code": "INTERNAL_ERROR", "message": "internal error"}


def test_a_suspended_one_says_how_to_go_on() -> None:
    result = results.suspended(used(), [INFO])
    assert result.status == "suspended"
    assert result.suspension == {
        "id": "s1",
        "extension": "db",
        "method": "get",
        "arguments": ["k"],
        "expires_at": 310.0,
    }


def test_a_suspended_one_says_what_it_used_so_far() -> None:
    run = used()
    lent: Any = SimpleNamespace(memory_used=lambda: 65536, memory_peak=lambda: 131072)
    run.lent = lent
    run.timer.leave_out(-7.0)  # as if it had begun seven seconds ago
    metrics = results.suspended(run, [INFO]).metrics
    assert metrics is not None
    assert metrics["duration_us"] >= 7_000_000
    assert (metrics["memory_used_bytes"], metrics["memory_peak_bytes"]) == (65536, 131072)


def test_compiling_is_noted_afterwards() -> None:
    result = results.succeeded(used(), None)
    assert results.noted(result, cache_hit=False).metrics == {**METRICS, "cache_hit": False}
    assert result.metrics == METRICS
