"""Tokens that must never pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus.errors import Unauthorized

Ask = Callable[..., dict[str, Any]]


def part(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def hmac_signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """As an attacker does it: PyJWT refuses to sign with a public key."""
    signed = f"{part(header)}.{part(claims)}"
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def refusal(ask: Ask, to: Any, token: str) -> str:
    with pytest.raises(Unauthorized) as raised:
        ask(to, token)
    assert 'error="invalid_token"' in raised.value.challenge
    return str(raised.value).removeprefix("the token is not valid: ")


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["", "eA"])
def test_no_signature_is_no_token(
    rsa_filter: Any, claims: dict[str, Any], ask: Ask, name: str, signature: str
) -> None:
    token = f"{part({'alg': name, 'typ': 'JWT'})}.{part(claims)}.{signature}"
    assert refusal(ask, rsa_filter, token) in (
        "its algorithm is not that of its key",
        "it is malformed",
    )


def test_the_public_key_is_no_secret(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask
) -> None:
    for secret in (keys.pem(keys.rsa), keys.pem(keys.rsa).strip()):
        token = hmac_signed({"alg": "HS256"}, claims, secret.encode())
        assert refusal(ask, rsa_filter, token) == "its algorithm is not that of its key"
        token = hmac_signed({"alg": "HS256", "kid": "main"}, claims, secret.encode())
        assert refusal(ask, rsa_filter, token) == "its algorithm is not that of its key"


def test_a_secret_beside_it_does_not_open_the_public_key(
    filter_for: Any, keys: Any, claims: dict[str, Any], ask: Ask
) -> None:
    """With HS256 allowed for one key, another's public half still signs nothing."""
    to = filter_for(
        key={
            "main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)},
            "shared": {"algorithm": "HS256", "secret": "s" * 32},
        },
        audience="shop",
    )
    public = keys.pem(keys.rsa).encode()
    assert refusal(ask, to, hmac_signed({"alg": "HS256"}, claims, public)) == (
        "its signature is wrong"
    )
    token = hmac_signed({"alg": "HS256", "kid": "main"}, claims, public)
    assert refusal(ask, to, token) == "its algorithm is not that of its key"
    assert ask(to, hmac_signed({"alg": "HS256"}, claims, b"s" * 32))["REMOTE_USER"] == "ann"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_the_right_key_with_another_algorithm_is_wrong(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask, algorithm: str
) -> None:
    token = jwt.encode(claims, keys.rsa, algorithm)
    assert refusal(ask, rsa_filter, token) == "its algorithm is not that of its key"


def test_a_token_does_not_bring_its_key(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask
) -> None:
    jwk = keys.jwk(keys.other, "main")
    for headers in (
        {"jwk": jwk},
        {"jwk": jwk, "kid": "main"},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": [part("certificate")]},
    ):
        token = jwt.encode(claims, keys.other, "RS256", headers=headers)
        assert refusal(ask, rsa_filter, token) == "its signature is wrong"


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "", "Main", "x" * 3000, "\0"])
def test_a_kid_that_is_no_key_of_ours_opens_nothing(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask, kid: str
) -> None:
    token = jwt.encode(claims, keys.rsa, "RS256", headers={"kid": kid})
    assert refusal(ask, rsa_filter, token) == "no key here is for it"


def test_a_kid_that_is_no_text_is_refused(
    rsa_filter: Any, claims: dict[str, Any], ask: Ask
) -> None:
    for kid in (1, [], {"a": 1}, True):
        token = f"{part({'alg': 'RS256', 'kid': kid})}.{part(claims)}.eA"
        refusal(ask, rsa_filter, token)


def test_unknown_extensions_are_refused(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask
) -> None:
    def signed(**more: object) -> str:
        text = f"{part({'alg': 'RS256', **more})}.{part(claims)}"
        sha256 = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        signature = base64.urlsafe_b64encode(sha256.sign(text.encode(), keys.rsa))
        return f"{text}.{signature.rstrip(b'=').decode()}"

    assert ask(rsa_filter, signed(x=1))["REMOTE_USER"] == "ann"
    for more in ({"crit": ["x"], "x": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}):
        refusal(ask, rsa_filter, signed(**more))


def test_changed_claims_are_refused(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask
) -> None:
    head, _, signature = jwt.encode(claims, keys.rsa, "RS256").split(".")
    token = f"{head}.{part({**claims, 'sub': 'root'})}.{signature}"
    assert refusal(ask, rsa_filter, token) == "its signature is wrong"


@pytest.mark.parametrize(
    "token",
    [
        "a",
        "a.b.c",
        "..",
        "....",
        part({"alg": "RS256"}) + "..",
        part([]) + ".e30.eA",
        part('{"alg":"RS256","alg":"none"}') + ".e30.",
        part("[" * 6000) + ".e30.eA",
        part({"alg": None}) + ".e30.eA",
        part({"alg": ["RS256"]}) + ".e30.eA",
        part({}) + ".e30.eA",
        "x" * 9000,
    ],
)
def test_malformed_tokens_are_refused(rsa_filter: Any, ask: Ask, token: str) -> None:
    refusal(ask, rsa_filter, token)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer {good},Bearer {good}",
        "Bearer {good}\n",
        "bearer\t{good}",
        "Bearer {good};",
        "Bearer{good}",
    ],
)
def test_the_header_is_read_strictly(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask, authorization: str
) -> None:
    text = authorization.replace("{good}", jwt.encode(claims, keys.rsa, "RS256"))
    if text.endswith("\n"):  # no server lets it through; blanks at the end mean nothing
        assert ask(rsa_filter, HTTP_AUTHORIZATION=text)["REMOTE_USER"] == "ann"
        return
    with pytest.raises(Unauthorized):
        ask(rsa_filter, HTTP_AUTHORIZATION=text)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_token_but_a_signed_one_passes(
    rsa_filter: Any, keys: Any, claims: dict[str, Any], ask: Ask, data: st.DataObject
) -> None:
    """Whatever is changed in a good token, it is refused, and nothing else is raised."""
    good = jwt.encode(claims, keys.rsa, "RS256")
    place = data.draw(st.integers(0, len(good) - 1))
    character = data.draw(st.sampled_from("Aa0-_.="))
    token = good[:place] + character + good[place + 1 :]
    try:
        seen = ask(rsa_filter, token)
    except Unauthorized:
        return

    # base64 has bits to spare in a part's last character: the same bytes, hence the same token
    def decoded(text: str) -> list[bytes]:
        return [base64.urlsafe_b64decode(each + "==") for each in text.split(".")]

    assert decoded(token) == decoded(good)
    assert seen["REMOTE_USER"] == "ann"
