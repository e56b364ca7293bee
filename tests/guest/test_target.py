"""Target and Host: what they come to, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from nexus.errors import InvalidArgument
from nexus.guest.target import check_target


def checked(**given: Any) -> dict[str, Any]:
    """The environ of a request once it was checked; None for *given* leaves a variable out."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/echo",
        "QUERY_STRING": "",
        "RAW_URI": "/echo",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "example.org",
        "wsgi.url_scheme": "http",
        **given,
    }
    environ = {name: value for name, value in environ.items() if value is not None}
    check_target(environ)
    return environ


def absolute(target: str, **given: Any) -> dict[str, Any]:
    return checked(RAW_URI=target, HTTP_HOST="other.example", **given)


def test_a_usual_request_stays_as_it_is() -> None:
    found = checked()
    assert found == checked(**found)
    assert (found["HTTP_HOST"], found["RAW_URI"]) == ("example.org", "/echo")


@pytest.mark.parametrize(
    ("target", "host", "raw"),
    [
        ("http://example.org/echo?a=/../", "example.org", "/echo?a=/../"),
        ("HTTP://[::1]:80/echo", "[::1]:80", "/echo"),
        ("http://example.org", "example.org", "/"),
        ("http://example.org?a", "example.org", "/?a"),
        ("http://example.org//echo", "example.org", "//echo"),
    ],
)
def test_an_absolute_targets_authority_is_the_host(target: str, host: str, raw: str) -> None:
    found = absolute(target)
    assert (found["HTTP_HOST"], found["RAW_URI"]) == (host, raw)


def test_an_absolute_target_without_a_path_has_the_path_of_the_root() -> None:
    assert absolute("http://example.org", PATH_INFO="")["PATH_INFO"] == "/"
    mounted = absolute("http://example.org", PATH_INFO="", SCRIPT_NAME="/app")
    assert mounted["PATH_INFO"] == ""


def test_other_servers_name_the_target_otherwise() -> None:
    found = checked(RAW_URI=None, REQUEST_URI="http://a.example/echo")
    assert (found["HTTP_HOST"], found["REQUEST_URI"]) == ("a.example", "/echo")
    assert "RAW_URI" not in checked(RAW_URI=None)


@pytest.mark.parametrize(
    "target",
    [
        *("echo", "", "*", "example.org:80", "mailto:a@b", "http:/echo", "://a/"),
        *(
            "http://",
            "http:///echo",
            "http://a b/",
            "http://a@b/",
            "http://a:99999/",
            "http://[::1/",
        ),
        *("http://a,b/", "http://1.2.3.4.5/", "http://a\\b/", "http://a%2f/"),
        *("https://example.org/echo", "ftp://example.org/", "file:///etc/passwd", "ws://a/"),
        *("/echo#x", "/#", "http://example.org/#x", "/a\\..\\b", "/\\evil.example/"),
    ],
)
def test_targets_that_are_refused(target: str) -> None:
    with pytest.raises(InvalidArgument, match=r"request target|request path") as refused:
        checked(RAW_URI=target)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "raw", ["/a?b=c\\d", "/a%5Cb", "/a|b", "/a;b", "/a:b", "//a", "/%zz", "/%"]
)
def test_odd_targets_that_mean_one_thing(raw: str) -> None:
    assert checked(RAW_URI=raw)["RAW_URI"] == raw


@pytest.mark.parametrize(
    "path",
    [
        "/echo/../secret",
        "/echo/..",
        "/..",
        "/.",
        "/./echo",
        "/echo/./",
        "/a/../",
        "..",
        "a",
        "/a\0",
    ],
)
def test_paths_that_are_refused(path: str) -> None:
    with pytest.raises(InvalidArgument, match="request path"):
        checked(PATH_INFO=path)


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/...", "/.a", "/a.", "/a..b/..c", "/.well-known/x"]
)
def test_paths_that_are_taken(path: str) -> None:
    assert checked(PATH_INFO=path)["PATH_INFO"] == path


@pytest.mark.parametrize(
    "host", ["a/admin?", "a b", "a:99999", "[::1", "a,b", "a, b", "a@b", "\xff", "x" * 9000]
)
def test_hosts_that_are_refused(host: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^Host is ") as refused:
        checked(HTTP_HOST=host)
    assert len(str(refused.value)) < 300
    with pytest.raises(InvalidArgument, match=r"^Host is "):
        checked(HTTP_HOST=host, RAW_URI="http://example.org/echo")


def test_http_1_1_needs_a_host_and_1_0_does_not() -> None:
    with pytest.raises(InvalidArgument, match="no Host"):
        checked(HTTP_HOST=None)
    assert "HTTP_HOST" not in checked(HTTP_HOST=None, SERVER_PROTOCOL="HTTP/1.0")
    assert checked(HTTP_HOST="")["HTTP_HOST"] == ""


@pytest.mark.parametrize("target", ["example.org:443", "/echo", "http://example.org/"])
def test_connect_is_refused_in_every_form(target: str) -> None:
    with pytest.raises(InvalidArgument, match="CONNECT"):
        checked(REQUEST_METHOD="CONNECT", RAW_URI=target)


def test_the_whole_server_is_a_target_of_options_alone() -> None:
    found = checked(REQUEST_METHOD="OPTIONS", RAW_URI="*", PATH_INFO="*")
    assert found["PATH_INFO"] == "*"
    with pytest.raises(InvalidArgument):
        checked(RAW_URI="*", PATH_INFO="*")
    with pytest.raises(InvalidArgument):
        checked(RAW_URI=None, PATH_INFO="*")


@pytest.mark.parametrize(
    ("name", "port", "scheme", "wanted"),
    [
        ("127.0.0.1", "8000", "http", ("127.0.0.1", "8000")),
        ("::1", "8000", "http", ("[::1]", "8000")),
        ("[::1]", "8000", "http", ("[::1]", "8000")),
        ("/run/nexus.sock", "", "http", ("localhost", "80")),
        ("/run/nexus.sock", "", "https", ("localhost", "443")),
        ("[", "", "http", ("localhost", "80")),  # gunicorn's, of an IPv6 Host at a Unix socket
        ("", "x", "http", ("localhost", "80")),
        ("a:80", "80", "http", ("localhost", "80")),
    ],
)
def test_a_servers_name_can_stand_in_a_url(
    name: str, port: str, scheme: str, wanted: tuple[str, str]
) -> None:
    given = {"SERVER_NAME": name, "SERVER_PORT": port, "wsgi.url_scheme": scheme}
    found = checked(**given)
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == wanted
