from __future__ import annotations

from typing import Any

import pytest

from nexus.guest.wasi.cgi_request import CgiProgram, environment
from nexus.model import HttpRequest

from .support import handler

WSGI = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/hello/a b/\xc3\xa9",
    "QUERY_STRING": "x=1&y",
    "SERVER_NAME": "0.0.0.0",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "192.0.2.7",
    "CONTENT_TYPE": "text/plain",
    "CONTENT_LENGTH": "999",
    "HTTP_HOST": "example.org:8000",
    "HTTP_X_CUSTOM": "1",
    "RAW_URI": "/hello/a%20b/%C3%A9?x=1&y",
    "wsgi.url_scheme": "https",
    "wsgi.input": object(),
    "gunicorn.socket": object(),
    "SERVER_SOFTWARE": "gunicorn/27",
    "werkzeug.request": "text",
}


def seen(handler_: Any = None, body: bytes = b"", **meta: Any) -> dict[str, str]:
    return environment(HttpRequest({**WSGI, **meta}, body), handler_ or handler())


def without(name: str) -> dict[str, str]:
    meta = {key: value for key, value in WSGI.items() if key != name}
    return environment(HttpRequest(meta), handler())


def test_all_variables_of_a_request() -> None:
    assert seen(body=b"12345") == {
        "AUTH_TYPE": "",
        "CONTENT_LENGTH": "5",
        "CONTENT_TYPE": "text/plain",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "HTTP_HOST": "example.org:8000",
        "HTTP_X_CUSTOM": "1",
        "PATH_INFO": "/a b/\xc3\xa9",
        "QUERY_STRING": "x=1&y",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_HOST": "192.0.2.7",
        "REMOTE_USER": "",
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/hello",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "Nexus",
        "X_FULL_URL": "https://example.org:8000/hello/a%20b/%C3%A9?x=1&y",
        "X_MATCHED_ROUTE": "/hello",
        "X_RAW_PATH_INFO": "/a%20b/%C3%A9",
        "X_RELATIVE_PATH": "a%20b/%C3%A9",
    }


def test_an_empty_request_has_every_variable_that_must_be_there() -> None:
    variables = environment(HttpRequest({}), handler())
    assert variables["REQUEST_METHOD"] == "GET"
    assert variables["SERVER_NAME"] == "localhost"
    assert variables["X_FULL_URL"] == "http://localhost:80"


@pytest.mark.parametrize(
    ("route", "mount", "path", "script_name", "path_info"),
    [
        ("/hello", "", "/hello", "/hello", ""),
        ("/hello", "", "/hello/", "/hello", "/"),
        ("/hello", "/app", "/hello/x", "/app/hello", "/x"),
        ("/hello", "", "/hello/hello", "/hello", "/hello"),
        ("/", "", "/x/y", "", "/x/y"),
        ("/", "", "", "", ""),
        ("/hello/", "", "/hello/x", "/hello", "/x"),
        ("/hello", "", "/helloworld", "", "/helloworld"),
        ("/hello", "/hello", "/x", "/hello", "/x"),
        ("/é", "", "/\xc3\xa9/x", "/\xc3\xa9", "/x"),
    ],
)
def test_the_route_becomes_the_script_name(
    route: str, mount: str, path: str, script_name: str, path_info: str
) -> None:
    variables = seen(handler(route=route), SCRIPT_NAME=mount, PATH_INFO=path, RAW_URI="")
    assert (variables["SCRIPT_NAME"], variables["PATH_INFO"]) == (script_name, path_info)


def test_a_raw_path_is_made_up_where_the_server_does_not_tell() -> None:
    assert without("RAW_URI")["X_RAW_PATH_INFO"] == "/a%20b/%C3%A9"
    assert seen(RAW_URI="http://example.org/hello/x")["X_RAW_PATH_INFO"] == "/a%20b/%C3%A9"
    assert seen(RAW_URI="", REQUEST_URI="/hello/%61")["X_RAW_PATH_INFO"] == "/%61"


def test_a_raw_path_that_spells_the_route_otherwise() -> None:
    assert seen(RAW_URI="/h%65llo/a%20b/%C3%A9")["X_RAW_PATH_INFO"] == "/a%20b/%C3%A9"


@pytest.mark.parametrize(
    "name",
    [
        "HTTP_PROXY",
        "HTTP_CONNECTION",
        "HTTP_KEEP_ALIVE",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_UPGRADE",
        "HTTP_CONTENT_LENGTH",
        "HTTP_CONTENT_TYPE",
        "HTTP_AUTHORIZATION",
        "HTTP_PROXY_AUTHORIZATION",
        "HTTP_A=B",
        "HTTP_A\0",
        "HTTP_\u20ac",
        "PATH_TRANSLATED",
        "SSL_CLIENT_CERT",
        "wsgi.url_scheme",
        "werkzeug.request",
        "RAW_URI",
    ],
)
def test_what_is_not_for_the_guest(name: str) -> None:
    meta: dict[str, Any] = {name: "x"}
    assert name not in seen(**meta)


@pytest.mark.parametrize("value", [object(), None, 1, b"x", "a\0b"])
def test_values_that_are_no_variables(value: object) -> None:
    assert "HTTP_X" not in seen(HTTP_X=value)


def test_credentials_need_a_capability() -> None:
    trusted = handler(capabilities=("http:authorization",))
    variables = seen(trusted, HTTP_AUTHORIZATION="Basic x", HTTP_PROXY="evil")
    assert variables["HTTP_AUTHORIZATION"] == "Basic x"
    assert "HTTP_PROXY" not in variables


def test_the_manifest_wins_over_the_request() -> None:
    variables = seen(
        handler(env={"HTTP_X_TENANT": "ours", "": "x", "A=": "x"}), HTTP_X_TENANT="mine"
    )
    assert variables["HTTP_X_TENANT"] == "ours"
    assert "" not in variables
    assert "A=" not in variables


@pytest.mark.parametrize("host", ["", "a b", "evil/../x", "[::1", "x:y"])
def test_a_malformed_host_is_not_a_server_name(host: str) -> None:
    assert seen(HTTP_HOST=host)["SERVER_NAME"] == "0.0.0.0"


def test_an_address_as_host() -> None:
    assert seen(HTTP_HOST="[2001:db8::1]:80")["SERVER_NAME"] == "[2001:db8::1]"


def test_bytes_leave_as_they_came_and_the_manifest_as_utf_8() -> None:
    task = HttpRequest({**WSGI, "HTTP_X_LATIN": "\xe9"})
    listed = CgiProgram(task, handler(env={"GREETING": "grüße €"})).list_environment()
    assert b"HTTP_X_LATIN=\xe9" in listed
    assert "GREETING=grüße €".encode() in listed
    assert "PATH_INFO=/a b/é".encode() in listed


def test_text_of_a_caller_that_is_no_server_is_utf_8() -> None:
    listed = CgiProgram(HttpRequest({"HTTP_X": "€"}), handler()).list_environment()
    assert "HTTP_X=€".encode() in listed


@pytest.mark.parametrize("query", ["", "x", "-c&print(1)", "a=1&b&", "+-s+x"])
def test_arguments_are_the_manifests(query: str) -> None:
    meta = {"PATH_INFO": "/hello/sh", "RAW_URI": "/hello/sh", "QUERY_STRING": query}
    assert CgiProgram(HttpRequest(meta), handler()).list_arguments() == [b"hello"]
    fixed = handler(args=("-v", "é"))
    wanted = [b"hello", b"-v", "é".encode()]
    assert CgiProgram(HttpRequest(meta), fixed).list_arguments() == wanted


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", [b"/hello/a%20b"]),
        ("x", [b"/hello/a%20b", b"x"]),
        ("a=1&b&", [b"/hello/a%20b", b"a=1", b"b", b""]),
    ],
)
def test_arguments_are_wagis_where_the_manifest_says_so(query: str, arguments: list[bytes]) -> None:
    meta = {"PATH_INFO": "/hello/a b", "QUERY_STRING": query}
    found = CgiProgram(HttpRequest(meta), handler(args_from_query=True)).list_arguments()
    assert found == arguments
    both = handler(args_from_query=True, args=("-v",))
    found = CgiProgram(HttpRequest(meta), both).list_arguments()
    assert found == [arguments[0], b"-v", *arguments[1:]]
