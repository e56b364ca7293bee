"""Each operation, with good and bad input."""

from __future__ import annotations

import json
import os

import pytest

from tests.http.api.conftest import Api
from tests.http.conftest import Answer

RUN = "/v1/handlers/add/executions"
CONTEXT = {"state": {"count": 40}, "args": {"by": 2}}


def refused(answer: Answer, status: int, code: str, detail: str = "") -> None:
    found = answer.problem()
    assert (answer.code, found["code"]) == (status, code), found
    assert detail in found["detail"]


def test_a_handler_is_run_with_a_context(api: Api) -> None:
    answer = api.call("POST", RUN, {"context": CONTEXT})
    found = json.loads(answer.body)
    assert answer.code == 200
    assert (found["status"], found["return_value"]) == ("success", {"count": 42})
    assert (found["error"], found["suspension"]) == (None, None)
    assert found["state_mutations"] == found["events"] == found["view_commands"] == []
    assert found["metrics"]["instruction_count"] > 0
    assert found["metrics"]["memory_used_bytes"] > 0


def test_a_handler_of_another_language_too(api: Api) -> None:
    found = json.loads(api.call("POST", "/v1/handlers/json/executions", {}).body)
    assert (found["status"], found["return_value"]) == ("success", {"answer": 42})


def test_an_execution_that_fails_is_a_result(api: Api) -> None:
    answer = api.call("POST", "/v1/handlers/spin/executions", {"context": {}, "timeout_ms": 50})
    found = json.loads(answer.body)
    assert (answer.code, found["status"]) == (200, "error")
    assert found["error"]["code"] == "TIMEOUT"
    assert "0.05 s" in found["error"]["message"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"context": NaN}', "NaN is no JSON number"),
        (b'{"context": "\xff"}', "not JSON"),
        (b'{"context": {}}'.decode().encode("utf-16"), "not JSON"),
        (b'{"contxt": {}}', "did you mean context?"),
        (b'{"timeout_ms": "5s"}', "timeout_ms: found '5s'"),
        (b'{"timeout_ms": 0}', "timeout_ms: found 0"),
        (b'{"timeout_ms": true}', "timeout_ms: found True"),
        (
            b'{"timeout_ms": 1.5}',
            "body: timeout_ms: found 1.5, allowed: a whole number from 1 to 3600000",
        ),
        (b'{"timeout_ms": []}', "found [], allowed: a whole number from 1 to 3600000"),
        (b'{"context": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"context": ' + b"[" * 700 + b"]" * 700 + b"}", ""),
    ],
)
def test_a_body_that_is_wrong_is_said(api: Api, body: bytes, detail: str) -> None:
    refused(api.call("POST", RUN, raw=body), 400, "INVALID_ARGUMENT", detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "body: success: nothing found, allowed: true or false"),
        ({"success": "yes"}, "body: success: found 'yes', allowed: true or false"),
        ({"success": False, "error": 5}, "body: error: found 5, allowed: a string"),
    ],
)
def test_a_wrong_answer_is_said_in_words(api: Api, body: object, detail: str) -> None:
    answer = api.call("POST", "/v1/suspensions/x", body)
    refused(answer, 400, "INVALID_ARGUMENT", detail)
    assert answer.problem()["detail"] == detail


def test_a_body_over_the_cap_is_refused(api: Api) -> None:
    refused(api.call("POST", RUN, {"context": "x" * 300_000}), 413, "PAYLOAD_TOO_LARGE")


def test_other_content_types_are_refused(api: Api) -> None:
    answer = api.call("POST", RUN, raw=b"{}", CONTENT_TYPE="text/plain")
    refused(answer, 400, "INVALID_ARGUMENT", "allowed: application/json")


@pytest.mark.parametrize(
    "name", ["nowhere", "export default { run: () => 1 }", "%00", "\xff", "a" * 5000]
)
def test_unknown_handlers(api: Api, name: str) -> None:
    refused(api.call("POST", f"/v1/handlers/{name}/executions", {}), 404, "HANDLER_NOT_FOUND")
    refused(api.call("GET", f"/v1/handlers/{name}"), 404, "HANDLER_NOT_FOUND")


def test_handlers_and_problems_are_listed(api: Api) -> None:
    found = api.get("/v1/handlers")
    assert sorted(handler["name"] for handler in found["handlers"]) == [
        *("add", "hello", "json", "spin")
    ]
    (problem,) = found["problems"]
    assert (problem["file"], problem["code"]) == ("broken.wat", "INVALID_HANDLER")


def test_one_handler(api: Api) -> None:
    found = api.get("/v1/handlers/hello")
    assert (found["route"], found["methods"], found["max_concurrency"]) == ("/hello", ["GET"], 3)
    assert found["env"] == ["PASSWORD"]
    assert (found["args"], found["args_from_query"]) == (2, False)
    assert "hunter2" not in json.dumps(found)


def test_the_pool(api: Api) -> None:
    api.call("POST", RUN, {"context": CONTEXT})
    found = api.get("/v1/pool")
    assert (found["worker"], found["active"], found["max_instances"]) == (os.getpid(), 0, 10)
    assert found["available"] >= 1
    assert found["total_memory_bytes"] > 0


def test_the_config_hides_secrets(api: Api) -> None:
    settings = api.get("/v1/config")["settings"]
    assert settings["max_request_bytes"] == 300_000
    assert settings["plugins"] == {"x": {"password": "(hidden)"}}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_refused(api: Api, method: str) -> None:
    answer = api.call(method, "/v1/handlers/hello")
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.header("Allow") == "DELETE, GET, HEAD, OPTIONS, PUT"


def test_unknown_paths(api: Api) -> None:
    refused(api.call("GET", "/v1/nowhere"), 404, "HANDLER_NOT_FOUND")
    refused(api.call("GET", "/v1"), 404, "HANDLER_NOT_FOUND")


# ---- suspensions ------------------------------------------------------------------------------


def test_suspensions_that_are_not_there(api: Api) -> None:
    assert api.get("/v1/suspensions") == {"suspensions": []}
    for method, body in (("POST", {"success": True, "value": 1}), ("DELETE", None)):
        answer = api.call(method, "/v1/suspensions/nowhere", body)
        refused(answer, 404, "SUSPENSION_NOT_FOUND")


def test_an_execution_that_was_never_suspended(api: Api) -> None:
    run = json.loads(api.call("POST", RUN, {"context": CONTEXT}).body)["execution_id"]
    for unknown in (run, "nowhere"):
        answer = api.call("GET", f"/v1/executions/{unknown}")
        refused(answer, 404, "EXECUTION_NOT_FOUND", f"no execution '{unknown}' was suspended here")


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("wait_ms=x", "query: wait_ms: found 'x', allowed: a whole number from 0 to 30000"),
        ("wait_ms=30001", "query: wait_ms: found '30001'"),
        ("wait=1", "did you mean wait_ms?"),
        ("wait_ms=1&wait_ms=2", "query: 'wait_ms' is given more than once"),
    ],
)
def test_a_query_that_is_wrong_is_said(api: Api, query: str, detail: str) -> None:
    answer = api.call("GET", "/v1/executions/x", QUERY_STRING=query)
    refused(answer, 400, "INVALID_ARGUMENT", detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "success: nothing found"),
        ({"success": "yes"}, "success: found 'yes'"),
        ({"success": True, "result": 1}, "there is no such key"),
        ({"success": False}, "error"),
    ],
)
def test_a_resume_that_is_wrong_is_said(api: Api, body: object, detail: str) -> None:
    refused(api.call("POST", "/v1/suspensions/x", body), 400, "INVALID_ARGUMENT", detail)
