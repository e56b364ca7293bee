"""The layer: what of a request decides before a guest runs, and how an answer is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Client

Counts = Callable[..., Callable[[], float]]


def test_a_handler_answers(client: Client) -> None:
    answer = client.call("/hello")
    assert (answer.status, answer.body) == ("200 OK", b"hello")
    assert answer.header("Content-Type") == "text/plain"
    assert answer.header("Content-Length") == "5"
    assert answer.header("X-Nexus-Outcome") == "ok"


@pytest.mark.parametrize("path", ["/hello/", "/hello/below/it"])
def test_paths_below_a_route_are_the_handlers(client: Client, path: str) -> None:
    assert client.call(path).body == b"hello"


@pytest.mark.parametrize("path", ["/hell", "/hellos", "/hello.wat", "/HELLO"])
def test_other_paths_are_not(client: Client, path: str) -> None:
    answer = client.call(path)
    assert (answer.code, answer.problem()["code"]) == (404, "HANDLER_NOT_FOUND")
    assert answer.header("X-Nexus-Outcome") == "not_found"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_methods_of_the_manifest_are_taken(client: Client, method: str) -> None:
    assert client.call("/limited", method).code == 200


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "get", "BREW"])
def test_other_methods_are_not(client: Client, counts: Counts, method: str) -> None:
    errors = counts("errors_total", code="METHOD_NOT_ALLOWED")
    runs = counts("handler_executions_total", handler="limited", status="rejected")
    answer = client.call("/limited", method)
    assert answer.code == 405
    assert answer.header("Allow") == "GET, HEAD, PUT"
    assert answer.header("X-Nexus-Outcome") == "rejected"
    assert answer.problem()["handler"] == "limited"
    assert (errors(), runs()) == (1, 1)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "BREW"])
def test_without_a_list_every_method_is_the_guests(client: Client, method: str) -> None:
    assert client.call("/hello", method).code == 200


def test_head_has_the_headers_and_no_body(client: Client) -> None:
    answer = client.call("/hello", "HEAD")
    assert (answer.code, answer.body, answer.header("Content-Length")) == (200, b"", "5")


@pytest.mark.parametrize(
    ("path", "method", "status", "length"),
    [
        ("/lengthy", "HEAD", 200, "1234"),
        ("/lengthy", "GET", 502, None),
        ("/unmodified", "GET", 304, "1234"),
        ("/unmodified", "HEAD", 304, "1234"),
        ("/bodiless", "HEAD", 200, None),
        ("/bodiless", "GET", 200, "0"),
        ("/empty", "HEAD", 204, None),
    ],
)
def test_a_length_without_a_body_is_the_one_the_handler_said(
    client: Client, path: str, method: str, status: int, length: str | None
) -> None:
    answer = client.call(path, method)
    assert answer.code == status
    if status != 502:
        assert (answer.body, answer.header("Content-Length")) == (b"", length)


def test_head_of_an_error_has_no_body_either(client: Client) -> None:
    answer = client.call("/trap", "HEAD")
    assert (answer.code, answer.body) == (500, b"")
    assert answer.header("X-Nexus-Outcome") == "trap"
    assert client.call("/nowhere", "HEAD").body == b""


def test_no_content_is_no_content(client: Client) -> None:
    answer = client.call("/empty")
    assert (answer.status, answer.body) == ("204 No Content", b"")
    assert answer.header("Content-Length") is None
    assert answer.header("X-Nexus-Outcome") == "ok"


@pytest.mark.parametrize(
    ("path", "status"), [("/odd", "299 Unknown"), ("/reasoned", "418 Short and stout")]
)
def test_any_status_and_reason_is_sent(client: Client, path: str, status: str) -> None:
    assert client.call(path).status == status


def test_a_guest_cannot_forge_the_outcome(client: Client) -> None:
    assert client.call("/forger").header("X-Nexus-Outcome") == "ok"


@pytest.mark.parametrize(
    ("path", "status", "code", "outcome"),
    [
        ("/trap", 500, "EXECUTION_ERROR", "trap"),
        ("/silent", 502, "INVALID_RESPONSE", "invalid_response"),
        ("/spin", 504, "TIMEOUT", "timeout"),
    ],
)
def test_a_guests_failure_is_a_problem_and_counted_once(
    client: Client, counts: Counts, path: str, status: int, code: str, outcome: str
) -> None:
    errors = counts("errors_total", code=code)
    runs = counts("handler_executions_total", handler=path[1:], status=outcome)
    answer = client.call(path)
    found = answer.problem()
    assert (answer.code, found["code"], found["handler"]) == (status, code, path[1:])
    assert found["execution_id"]
    assert found["detail"]
    assert found["title"]
    assert answer.header("X-Nexus-Outcome") == outcome
    assert (errors(), runs()) == (1, 1)


def test_the_header_shortens_the_deadline(client: Client) -> None:
    answer = client.call("/spin", HTTP_X_NEXUS_TIMEOUT_MS="20")
    assert "(0.02 s)" in answer.problem()["detail"]


def test_the_header_does_not_lengthen_the_deadline(client: Client) -> None:
    answer = client.call("/spin", HTTP_X_NEXUS_TIMEOUT_MS="9999999999")
    assert "(0.4 s)" in answer.problem()["detail"]


@pytest.mark.parametrize(
    "said", ["", "0", "-5", "+5", "5s", "5.0", "1e3", "1_000", "٥", "9" * 11, "soon" * 1000, " 5"]
)
def test_a_header_that_is_no_number_is_refused(client: Client, counts: Counts, said: str) -> None:
    errors = counts("errors_total", code="INVALID_ARGUMENT")
    answer = client.call("/hello", HTTP_X_NEXUS_TIMEOUT_MS=said)
    found = answer.problem()
    assert (answer.code, found["code"]) == (400, "INVALID_ARGUMENT")
    assert "X-Nexus-Timeout-Ms" in found["detail"]
    assert len(found["detail"]) < 200
    assert errors() == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "a/admin?"},
        {"HTTP_HOST": "a:99999"},
        {"RAW_URI": "http://a b/hello"},
        {"REQUEST_METHOD": "CONNECT"},
        {"PATH_INFO": "/hello/../trap"},
    ],
)
@pytest.mark.parametrize("path", ["/hello", "/healthz", "/nowhere"])
def test_what_can_be_read_in_two_ways_reaches_nobody(
    client: Client, counts: Counts, path: str, environ: dict[str, str]
) -> None:
    errors = counts("errors_total", code="INVALID_ARGUMENT")
    answer = client.call(path, "GET", None, **environ)
    found = answer.problem()
    assert (answer.code, found["code"], found["handler"]) == (400, "INVALID_ARGUMENT", None)
    assert answer.header("X-Nexus-Outcome") == "rejected"
    assert errors() == 1


def test_a_target_with_an_authority_finds_its_handler(client: Client) -> None:
    assert client.call("/hello", RAW_URI="http://there/hello").body == b"hello"


def test_options_of_the_server_are_for_no_handler(client: Client) -> None:
    answer = client.call("*", "OPTIONS", RAW_URI="*")
    assert (answer.code, answer.body) == (204, b"")
    assert answer.header("X-Nexus-Outcome") == "ok"
