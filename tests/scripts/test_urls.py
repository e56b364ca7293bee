"""The URL a JavaScript handler sees is the one that was asked for, whatever the Host says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nexus.guest.authority import parse_authority
from nexus.guest.target import check_target
from tests.guest.test_authority import HOSTS

from .support import Scripts

SHOWN = """export default (request) => {
  const url = new URL(request.url);
  return Response.json([url.protocol, url.hostname, url.port, url.pathname, url.search]);
}"""


def seen(scripts: Scripts, **meta: Any) -> list[str]:
    """What a handler sees of a request that passed the check."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/hello", "RAW_URI": "/hello", **meta}
    check_target(environ)
    found: list[str] = json.loads(scripts.fetch(scripts.handler(SHOWN), **environ).body)
    return found


@pytest.mark.parametrize("text", HOSTS)
def test_every_host_that_is_taken_is_the_urls_host(scripts: Scripts, text: str) -> None:
    authority = parse_authority(text)
    assert authority is not None
    host, port = authority.host.lower(), authority.port and str(int(authority.port))
    shown = seen(scripts, HTTP_HOST=text)
    if "::ffff:" in host:  # the URL standard writes it in its own way
        shown[1] = host
    assert shown == ["http:", host, "" if port == "80" else port, "/hello", ""]


@pytest.mark.parametrize(
    ("meta", "wanted"),
    [
        (
            {"RAW_URI": "http://b:81/hello?q", "HTTP_HOST": "a"},
            ["http:", "b", "81", "/hello", "?q"],
        ),
        ({"SERVER_NAME": "/run/x.sock", "HTTP_HOST": ""}, ["http:", "localhost", "", "/hello", ""]),
        (
            {"SERVER_NAME": "::1", "SERVER_PORT": "81", "HTTP_HOST": ""},
            ["http:", "[::1]", "81", "/hello", ""],
        ),
        ({"RAW_URI": "//b/hello"}, ["http:", "test", "", "//b/hello", ""]),
        ({"RAW_URI": "/hello?a\\b"}, ["http:", "test", "", "/hello", "?a\\b"]),
    ],
)
def test_a_url_is_made_of_what_was_asked_for(
    scripts: Scripts, meta: dict[str, str], wanted: list[str]
) -> None:
    assert seen(scripts, **{"HTTP_HOST": "test", **meta}) == wanted
