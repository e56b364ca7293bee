"""Good tokens, what a guest is told of them, and the terms that a route may set."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from nexus.config import Settings
from nexus.errors import PermissionDenied, Unauthorized
from nexus.plugin_api.filters import RequestFilter
from nexus_auth_jwt import nexus_request_filters

Ask = Callable[..., dict[str, Any]]
Claims = dict[str, Any]
SECRET = "a secret that is long enough for anything, sixty-four bytes and more"


def test_a_good_token_passes_and_its_claims_reach_the_guest(
    rsa_filter: RequestFilter, keys: Any, claims: Claims, ask: Ask
) -> None:
    seen = ask(rsa_filter, jwt.encode(claims, keys.rsa, "RS256"))
    assert json.loads(seen["HTTP_X_NEXUS_CLAIMS"]) == claims
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == ("ann", "Bearer")


@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "PS256", "ES256", "EdDSA"])
def test_every_kind_of_key_verifies(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask, algorithm: str, tmp_path: Path
) -> None:
    private = {"PS256": keys.rsa, "ES256": keys.ec, "EdDSA": keys.ed}.get(algorithm)
    file = tmp_path / "key"
    file.write_text(keys.pem(private) if private else SECRET + "\n")
    kind = "public_key_file" if private else "secret_file"
    to = filter_for(key={"k": {"algorithm": algorithm, kind: str(file)}}, audience="shop")
    token = jwt.encode(claims, private or SECRET, algorithm, headers={"kid": "k"})
    assert ask(to, token)["REMOTE_USER"] == "ann"


def test_no_client_writes_our_variables(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask
) -> None:
    forged = {"HTTP_X_NEXUS_CLAIMS": "{}", "REMOTE_USER": "root", "AUTH_TYPE": "Basic"}
    key = {"main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)}}
    for access in ("public", "optional"):
        assert not forged.keys() & ask(filter_for(key=key, access=access), **forged).keys()
    claims.pop("sub")
    token = jwt.encode(claims, keys.rsa, "RS256")
    seen = ask(filter_for(key=key, audience="shop"), token, **forged)
    assert "REMOTE_USER" not in seen
    assert json.loads(seen["HTTP_X_NEXUS_CLAIMS"]) == claims


def test_without_a_token_the_challenge_says_what_is_wanted(rsa_filter: Any, ask: Ask) -> None:
    for environ in ({}, {"HTTP_AUTHORIZATION": "Basic eDp5"}, {"HTTP_AUTHORIZATION": ""}):
        with pytest.raises(Unauthorized) as raised:
            ask(rsa_filter, **environ)
        assert raised.value.challenge == 'Bearer realm="nexus"'  # RFC 6750 section 3: no error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exp": 1}, "it has expired"),
        ({"nbf": 99999999999}, "it is not valid yet"),
        ({"iat": 99999999999}, "it is not valid yet"),
        ({"iss": "you"}, "it is from another issuer"),
        ({"aud": "bank"}, "it is for another audience"),
        ({"aud": None}, "it lacks a claim that is required here"),
        ({"exp": None}, "it lacks a claim that is required here"),
        ({"iss": None}, "it lacks a claim that is required here"),
        ({"exp": "soon"}, "it is malformed"),
        ({"sub": "a\nb"}, "its subject is no plain text"),
    ],
)
def test_a_refused_token_has_its_reason(
    rsa_filter: Any, keys: Any, claims: Claims, ask: Ask, change: Claims, said: str
) -> None:
    changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
    with pytest.raises(Unauthorized) as raised:
        ask(rsa_filter, jwt.encode(changed, keys.rsa, "RS256"))
    assert raised.value.challenge == (
        f'Bearer realm="nexus", error="invalid_token", error_description="{said}"'
    )
    assert str(raised.value) == f"the token is not valid: {said}"


def test_leeway_forgives_a_clock(filter_for: Any, keys: Any, claims: Claims, ask: Ask) -> None:
    key = {"main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)}}
    token = jwt.encode({**claims, "exp": claims["iat"] - 5}, keys.rsa, "RS256")
    assert ask(filter_for(key=key, audience="shop", leeway_s=60), token)
    with pytest.raises(Unauthorized):
        ask(filter_for(key=key, audience="shop"), token)


def test_a_token_for_an_audience_needs_one_here(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask
) -> None:
    key = {"main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)}}
    with pytest.raises(Unauthorized, match="another audience"):
        ask(filter_for(key=key), jwt.encode(claims, keys.rsa, "RS256"))


def test_names_beyond_ascii_arrive_as_utf_8(
    rsa_filter: Any, keys: Any, claims: Claims, ask: Ask
) -> None:
    seen = ask(rsa_filter, jwt.encode({**claims, "sub": "Zoë"}, keys.rsa, "RS256"))
    assert seen["REMOTE_USER"].encode("latin-1").decode() == "Zoë"
    assert seen["HTTP_X_NEXUS_CLAIMS"].isascii()


def test_routes_have_terms_of_their_own(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask
) -> None:
    to = filter_for(
        key={
            "main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)},
            "admin": {"algorithm": "ES256", "public_key": keys.pem(keys.ec)},
        },
        audience="shop",
        routes={
            "/health": {"access": "public"},
            "/orders": {"access": "optional"},
            "/orders/all": {"access": "required", "scopes": "orders:read"},
            "/admin": {"keys": ["admin"], "audience": "ops", "issuer": ["me", "us"]},
        },
    )
    main = jwt.encode(claims, keys.rsa, "RS256")
    assert ask(to, route="/health/live")
    assert ask(to, route="/orders")
    assert ask(to, main, "/x")
    for route in ("/x", "/healthy", "/orders/all", "/orders/all/2026", "/admin"):
        with pytest.raises(Unauthorized):
            ask(to, route=route)
    with pytest.raises(Unauthorized):  # optional is no excuse for a bad one
        ask(to, main + "x", "/orders")
    with pytest.raises(Unauthorized):
        ask(to, main, "/admin")
    with pytest.raises(PermissionDenied, match="orders:read"):
        ask(to, main, "/orders/all")
    for scope in ({"scope": "a orders:read"}, {"scp": ["orders:read"]}):
        assert ask(to, jwt.encode({**claims, **scope}, keys.rsa, "RS256"), "/orders/all")
    assert ask(to, jwt.encode({**claims, "aud": "ops"}, keys.ec, "ES256"), "/admin")


def test_without_a_table_it_is_idle_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert nexus_request_filters(Settings(cache_dir=Path("/nowhere"))) is None
    assert "plugins.jwt is empty: no token is asked for" in caplog.text
