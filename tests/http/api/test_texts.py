"""Source text that a client brings runs within the operator's ceiling."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.http.api.conftest import Api
from tests.http.api.test_api import refused

ADD = "export default { run: ({ args }) => args.a + args.b };"
ASKS = "export default { async run() { return await $ext.approval.ask(5); } };"


def run(api: Api, source: str, **fields: Any) -> Any:
    answer = api.call("POST", "/v1/executions", {"source": source, **fields})
    assert answer.code == 200, answer.body
    return json.loads(answer.body)


def test_a_text_runs_and_is_compiled_once(api: Api) -> None:
    context = {"args": {"a": 40, "b": 2}}
    new = f"{ADD}\n// {uuid4()}"  # other tests run the same text
    found = [run(api, new, context=context) for _ in range(2)]
    assert [result["return_value"] for result in found] == [42, 42]
    assert [result["metrics"]["cache_hit"] for result in found] == [False, True]


def test_a_text_gets_the_limits_it_asks_for(api: Api) -> None:
    found = run(api, "for (;;);", limits={"timeout_ms": 80})
    assert found["error"]["code"] in ("TIMEOUT", "CPU_LIMIT")
    assert "0.08 s" in found["error"]["message"]
    found = run(api, "new Array(1e6).fill(1.5).length", limits={"memory_limit_mb": 4})
    assert found["error"]["code"] == "MEMORY_LIMIT"
    assert run(api, "new Array(1e6).fill(1.5).length")["return_value"] == 1_000_000


@pytest.mark.parametrize(
    ("limits", "detail"),
    [
        ({"timeout_ms": 5001}, "limits.timeout_ms: found 5001, allowed: up to 5000"),
        ({"cpu_timeout_ms": 5001}, "limits.cpu_timeout_ms: found 5001, allowed: up to 5000"),
        ({"memory_limit_mb": 33}, "limits.memory_limit_mb: found 33, allowed: up to 32"),
        ({"memory_limit_mb": 9}, "limits.memory_limit_mb: found 9, allowed: a power of two, or 32"),
        ({"max_host_calls": 10_001}, "limits.max_host_calls: found 10001, allowed: up to 10000"),
        ({"timeout_ms": "5s"}, "limits.timeout_ms: found '5s'"),
        ({"time": 5}, "limits.time: found 5"),
    ],
)
def test_more_than_the_settings_allow_is_refused(
    api: Api, limits: dict[str, Any], detail: str
) -> None:
    answer = api.call("POST", "/v1/executions", {"source": "1", "limits": limits})
    refused(answer, 400, "INVALID_ARGUMENT", detail)


def test_capabilities_come_from_the_operators_list(api: Api) -> None:
    source = "$state.count = 7;"
    assert run(api, source)["error"]["code"] == "PERMISSION_DENIED"
    found = run(api, source, capabilities=["state:write:count"])
    assert found["state_mutations"] == [{"op": "set", "key": "count", "value": 7}]
    for wanted in ("state:write:*", "ext:mail", "http:authorization"):
        answer = api.call("POST", "/v1/executions", {"source": "1", "capabilities": [wanted]})
        detail = f"found {wanted}, allowed: state:write:count, ext:approval (text_capabilities)"
        refused(answer, 403, "FORBIDDEN", detail)
    answer = api.call("POST", "/v1/executions", {"source": "1", "capabilities": ["all"]})
    refused(answer, 400, "INVALID_ARGUMENT", "capabilities: not a capability")


def test_a_text_is_suspended_and_resumed(api: Api) -> None:
    found = run(api, ASKS, capabilities=["ext:approval"])
    assert found["status"] == "suspended"
    asked = found["suspension"]
    assert (asked["extension"], asked["method"], asked["arguments"]) == ("approval", "ask", 5)
    answer = api.call("POST", f"/v1/suspensions/{asked['id']}", {"success": True, "value": "yes"})
    assert json.loads(answer.body)["return_value"] == "yes"


def test_a_text_that_cannot_run_is_a_422(api: Api) -> None:
    answer = api.call("POST", "/v1/executions", {"source": "1 +"})
    refused(answer, 422, "COMPILATION_ERROR", "SyntaxError")
    answer = api.call("POST", "/v1/executions", {"source": "1", "language": "ruby"})
    refused(answer, 422, "INVALID_HANDLER", "found 'ruby', allowed: javascript, python")


def test_a_text_is_not_taken_for_a_name(api: Api) -> None:
    answer = api.call("POST", "/v1/executions", {"source": "hello"})
    assert (
        json.loads(answer.body)["error"]["message"]
        == "Uncaught ReferenceError: hello is not defined"
    )
