"""The page at `/`: for browsers, for programs, and only where it may be."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from nexus.http import create_app
from tests.wat import prints

from .conftest import OK, Client, make_service

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def serve(folder: Path, token: bytes | None = None, **settings: str) -> Client:
    registry = CollectorRegistry()
    service = make_service(folder, registry, **settings)
    service.start_with(folder)
    return Client(create_app(service, registry, token), service, registry)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("welcome")
    (folder / "hello.wat").write_text(prints(OK))
    (folder / "hook.wat").write_text(prints(OK))
    (folder / "hook.toml").write_text('methods = ["PUT", "POST"]')
    (folder / "bad.wat").write_text("(module")
    made = serve(folder, b"secret")
    yield made
    made.service.stop(grace_s=5.0)


def test_programs_get_json(fresh: Client) -> None:
    for accept in ({}, {"HTTP_ACCEPT": "*/*"}, {"HTTP_ACCEPT": "application/json"}):
        answer = fresh.call("/", HTTP_HOST="here:81", **accept)
        assert (answer.code, answer.header("Content-Type")) == (200, "application/json")
        found = json.loads(answer.body)
        assert [handler["curl"] for handler in found["handlers"]] == [
            "curl -s http://here:81/hello",
            "curl -s -X POST --data '' http://here:81/hook",
        ]
        assert found["problems"] == ["bad.wat"]
        assert "/v1/openapi.json" in [link["path"] for link in found["links"]]
        assert answer.header("Vary") == "Accept"


def test_browsers_get_a_page_that_may_load_nothing(fresh: Client) -> None:
    answer = fresh.call("/", HTTP_ACCEPT=BROWSER)
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert '<a href="/hello">hello</a>' in page
    assert "curl -s http://127.0.0.1/hello" in page
    assert '<a href="/hook">' not in page  # a link is a GET
    assert "bad.wat" in page
    policy = answer.header("Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
    (style,) = re.findall(r"<style>(.*)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_a_handler_at_the_root_wins(tmp_path: Path) -> None:
    (tmp_path / "hello.wat").write_text(prints(OK))
    (tmp_path / "hello.toml").write_text('route = "/"')
    client = serve(tmp_path)
    assert client.call("/").body == b"hello"
    client.service.stop(grace_s=5.0)


@pytest.mark.parametrize(
    ("bind", "wanted"),
    [
        ("127.0.0.1:80", 200),
        ("localhost:80", 200),
        ("[::1]:80", 200),
        ("0.0.0.0:80", 404),
        ("[::]:80", 404),
        ("nexus.example:80", 404),
        ("unix:/run/nexus.sock", 404),
    ],
)
def test_only_a_server_for_this_machine_shows_it(tmp_path: Path, bind: str, wanted: int) -> None:
    client = serve(tmp_path, NEXUS_BIND=bind)
    assert client.call("/").code == wanted
    client.service.stop(grace_s=5.0)


def test_the_setting_decides(tmp_path: Path) -> None:
    for bind, setting, wanted in (("0.0.0.0:80", "true", 200), ("127.0.0.1:80", "false", 404)):
        client = serve(tmp_path, NEXUS_BIND=bind, NEXUS_WELCOME=setting)
        assert client.call("/").code == wanted
        client.service.stop(grace_s=5.0)
