"""Nobody without the token, and nothing at all where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry

from nexus.config.admin_token import read_admin_token
from nexus.errors import ConfigError
from nexus.http import create_app
from nexus.http.api.operations import OPERATIONS
from tests.http.api.conftest import TOKEN, Api
from tests.http.conftest import Client

PATHS = sorted(
    {
        (operation.method, "/v1" + operation.path.replace("{name}", "add").replace("{id}", "x"))
        for operation in OPERATIONS
    }
)


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    ("given", "challenge"),
    [
        ("", "Bearer"),
        (TOKEN, "Bearer"),
        (f"Basic {TOKEN}", "Bearer"),
        ("Bearer", 'Bearer error="invalid_token"'),
        ("Bearer ", 'Bearer error="invalid_token"'),
        (f"Bearer {TOKEN}x", 'Bearer error="invalid_token"'),
        (f"Bearer {TOKEN[:-1]}", 'Bearer error="invalid_token"'),
        (f"Bearer {TOKEN.upper()}", 'Bearer error="invalid_token"'),
        ("Bearer \xe9\u20ac", 'Bearer error="invalid_token"'),
    ],
)
def test_nothing_is_told_without_it(
    api: Api, method: str, path: str, given: str, challenge: str
) -> None:
    answer = api.call(method, path, HTTP_AUTHORIZATION=given)
    assert (answer.code, answer.problem()["code"]) == (401, "UNAUTHORIZED")
    assert answer.header("WWW-Authenticate") == challenge
    assert answer.header("X-Nexus-Outcome") == "rejected"
    assert TOKEN.encode() not in answer.body


def test_the_scheme_is_in_any_case(api: Api) -> None:
    assert api.call("GET", "/v1/pool", HTTP_AUTHORIZATION=f"bearer {TOKEN}").code == 200


def test_the_document_needs_none(api: Api) -> None:
    assert api.call("GET", "/v1/openapi.json", HTTP_AUTHORIZATION="").code == 200


def test_without_a_token_there_is_no_api(app_of_api: tuple[Flask, Client]) -> None:
    service = app_of_api[1].service
    registry = CollectorRegistry()
    client = Client(create_app(service, registry), service, registry)
    for method, path in [*PATHS, ("GET", "/v1/openapi.json")]:
        answer = client.call(path, method, HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
        assert (answer.code, answer.problem()["code"]) == (404, "HANDLER_NOT_FOUND")


# ---- where it comes from ----------------------------------------------------------------------


def test_from_the_environment() -> None:
    assert read_admin_token({"NEXUS_ADMIN_TOKEN": "abc"}) == b"abc"
    assert read_admin_token({"NEXUS_ADMIN_TOKEN": ""}) is None
    assert read_admin_token({}) is None


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc\n")
    assert read_admin_token({"NEXUS_ADMIN_TOKEN_FILE": str(file)}) == b"abc"


@pytest.mark.parametrize(
    ("content", "found"), [(b"", 0), (b"two words", 9), (b"x" * 513, 513), (b"\xff", 1)]
)
def test_what_is_no_token_is_said_and_not_quoted(
    tmp_path: Path, content: bytes, found: int
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_admin_token({"NEXUS_ADMIN_TOKEN_FILE": str(file)})
    assert str(caught.value) == (
        f"NEXUS_ADMIN_TOKEN_FILE: found {found} characters, "
        "allowed: 1 to 512 visible ASCII characters"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"NEXUS_ADMIN_TOKEN_FILE: cannot read .*No such file"):
        read_admin_token({"NEXUS_ADMIN_TOKEN_FILE": str(tmp_path / "token")})


def test_both_at_once(tmp_path: Path) -> None:
    given = {"NEXUS_ADMIN_TOKEN_FILE": str(tmp_path), "NEXUS_ADMIN_TOKEN": "abc"}
    with pytest.raises(ConfigError, match="are both set"):
        read_admin_token(given)
