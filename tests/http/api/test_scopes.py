"""Tokens with scopes: each may do what its scopes say, and nothing else."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus.errors import InvalidArgument
from nexus.http.api.operations import OPERATIONS
from nexus.versions.sqlite import SqliteStore
from nexus.versions.tokens import Tokens
from tests.http.api.conftest import TOKEN
from tests.http.api.test_api import refused
from tests.http.api.test_versions import BOUNDARY, Deployer, api, form, says

__all__ = ["api"]

NUMBERS = itertools.count()


def tokens_of(api: Deployer) -> Tokens:
    return api.client.service.versions.tokens


def bearer(api: Deployer, *scopes: str, name: str = "ci") -> str:
    return f"Bearer {tokens_of(api).make(name, scopes)}"


def may(api: Deployer, token: str, method: str, path: str) -> bool:
    """Whether the token opens the operation, whatever that answers then."""
    answer = api.call(method, path, None, raw=b"", HTTP_AUTHORIZATION=token)
    assert answer.code != 401
    return answer.code != 403


@pytest.mark.parametrize(
    "scope", ["read", "text", "deploy:old", "run:old", "deploy:*", "run:*", "deploy:b", "run:b"]
)
def test_each_operation_for_each_scope(api: Deployer, scope: str) -> None:
    token = bearer(api, scope)
    kind, _, name = scope.partition(":")
    for operation in OPERATIONS:
        path = "/v1" + operation.path
        for parameter, value in (("name", "old"), ("id", "x"), ("version", "v1")):
            path = path.replace(f"{{{parameter}}}", value)
        fits = kind in operation.scopes
        if "{name}" in operation.path and name:
            fits = fits and name in ("old", "*")
        if operation.handler_query:  # it names no handler here
            fits = fits and not name
        assert may(api, token, operation.method, path) == fits, operation.id


def test_the_log_of_a_handler(api: Deployer) -> None:
    api.client.service.watch()
    log = logging.getLogger("nexus.service")
    try:
        raise ValueError("inside")
    except ValueError:
        log.exception("broken", extra={"fields": {"handler": "old"}})

    def read(token: str, query: str) -> Any:
        answer = api.call("GET", "/v1/logs", QUERY_STRING=query, HTTP_AUTHORIZATION=token)
        if answer.code == 403:
            return answer.problem()["detail"].rpartition("needed: ")[2]
        found = json.loads(answer.body)["records"]
        return [record for record in found if record["message"] == "broken"]

    (whole,) = read(f"Bearer {TOKEN}", "handler=old")
    assert "ValueError: inside" in whole["exception"]
    for scope, query, needed in (
        ("deploy:old", "handler=old", None),
        ("deploy:*", "handler=old", None),
        ("read", "handler=old", None),
        ("read", "", None),
        ("deploy:old", "", "read"),
        ("deploy:old", "handler=other", "read or deploy:other"),
        ("deploy:*", "handler=%3Csource%3E", "read"),
        ("run:old", "handler=old", "read or deploy:old"),
    ):
        found = read(bearer(api, scope, name=f"t{next(NUMBERS)}"), query)
        if needed is not None:
            assert found == needed, (scope, query)
            continue
        (record,) = found
        assert "exception" not in record


def test_a_token_is_named_in_the_history(api: Deployer) -> None:
    token = bearer(api, "deploy:hello")
    assert api.put("hello", says("one"), HTTP_AUTHORIZATION=token).code == 201
    listed = api.get("/v1/handlers/hello/versions")
    assert (listed["versions"][0]["created_by"], listed["history"][0]["by"]) == ("ci", "ci")


def test_a_scope_names_what_is_missing(api: Deployer) -> None:
    token = bearer(api, "run:hello")
    answer = api.put("hello", says("one"), HTTP_AUTHORIZATION=token)
    refused(answer, 403, "FORBIDDEN", "the token 'ci' may not do this; needed: deploy:hello")
    answer = api.call("GET", "/v1/config", HTTP_AUTHORIZATION=token)
    refused(answer, 403, "FORBIDDEN", "needed: the admin token")


@pytest.mark.parametrize(
    ("manifest", "detail"),
    [
        (
            b'capabilities = ["ext:mail"]',
            "capabilities: found ext:mail, allowed for the token 'ci'",
        ),
        (b'route = "/"', "route: found /, allowed for the token 'ci': /hello and below"),
        (b'route = "/hello2"', "route: found /hello2"),
    ],
)
def test_a_token_grants_its_handler_nothing(api: Deployer, manifest: bytes, detail: str) -> None:
    token = bearer(api, "deploy:*")
    body = form(("module", "x.js", says("one")), ("manifest", "", manifest))
    answer = api.put("hello", body, BOUNDARY, HTTP_AUTHORIZATION=token)
    refused(answer, 403, "FORBIDDEN", detail)
    assert api.deployed("hello", body, BOUNDARY)["id"] == "v1"
    body = form(("module", "x.js", says("two")), ("manifest", "", manifest))
    assert api.put("hello", body, BOUNDARY, HTTP_AUTHORIZATION=token).code == 201


def test_a_revoked_token_is_refused_at_once(api: Deployer) -> None:
    token = bearer(api, "read")
    assert api.call("GET", "/v1/pool", HTTP_AUTHORIZATION=token).code == 200
    tokens_of(api).revoke("ci")
    answer = api.call("GET", "/v1/pool", HTTP_AUTHORIZATION=token)
    refused(answer, 401, "UNAUTHORIZED", "the token is not known here")


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[Tokens]:
    store = SqliteStore(tmp_path)
    yield Tokens(store)
    store.close()


def test_a_token_is_kept_as_its_hash(tmp_path: Path, tokens: Tokens) -> None:
    text = tokens.make("ci", ("read",))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ci" in kept
    assert text.encode() not in kept
    found = tokens.find(text.encode())
    assert found is not None
    assert found.name == "ci"
    assert tokens.find(text[:-1].encode()) is None


@pytest.mark.parametrize(
    ("name", "scopes", "detail"),
    [
        ("ci", ("write",), "scope: found 'write', allowed: read, text, deploy:NAME"),
        ("ci", ("deploy",), "scope: found 'deploy'"),
        ("ci", ("deploy:a b",), "scope: found 'deploy:a b'"),
        ("ci", (), "scope: nothing found"),
        ("admin", ("read",), "name: found 'admin'"),
        ("a b", ("read",), "name: found 'a b'"),
        ("taken", ("read",), "name: 'taken' is taken; revoke that token before"),
    ],
)
def test_what_is_no_token(tokens: Tokens, name: str, scopes: tuple[str, ...], detail: str) -> None:
    tokens.make("taken", ("read",))
    with pytest.raises(InvalidArgument) as caught:
        tokens.make(name, scopes)
    assert detail in str(caught.value)
    with pytest.raises(InvalidArgument, match="found 'absent', allowed: taken"):
        tokens.revoke("absent")
    assert json.dumps([token.name for token in tokens.all()]) == '["taken"]'
