"""Keys from options, files and key sets; and what is said of those that cannot be used."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from nexus.errors import ConfigError, Overloaded, Unauthorized
from nexus_auth_jwt import key_sets

Ask = Callable[..., dict[str, Any]]
Claims = dict[str, Any]


def problem(filter_for: Any, **table: object) -> str:
    with pytest.raises(ConfigError) as raised:
        filter_for(**table)
    return str(raised.value)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({"algorithm": "none"}, "key.k.algorithm: found 'none', allowed: HS256, "),
        ({"algorithm": "HS256"}, "key.k: found nothing, allowed with HS256: either secret or "),
        ({"algorithm": "RS256", "secret": "x" * 64}, "key.k: found secret, allowed with RS256: "),
        ({"algorithm": "HS512", "secret": "x" * 63}, "key.k: a secret of 63 bytes; allowed with "),
        ({"algorithm": "RS256", "public_key": "x"}, "key.k: no public key in PEM"),
        ({"algorithm": "RS256", "public_key_file": "/no/key"}, "key.k: [Errno 2] No such file"),
        ({"secret": "x" * 64}, "key.k.algorithm: nothing found, allowed: HS256"),
    ],
)
def test_a_key_that_cannot_be_used_is_told(filter_for: Any, key: Claims, said: str) -> None:
    found = problem(filter_for, key={"k": key})
    assert found.startswith(f"plugins.jwt.{said}")
    assert "xxx" not in found


def test_keys_must_suit_their_algorithm(filter_for: Any, keys: Any) -> None:
    table = {
        "weak": {"algorithm": "RS256", "public_key": keys.pem(keys.weak)},
        "other": {"algorithm": "RS256", "public_key": keys.pem(keys.ec)},
        "mixed": {"algorithm": "HS256", "secret": keys.pem(keys.rsa)},
    }
    assert problem(filter_for, key=table).split("\n") == [
        "plugins.jwt.key.weak: an RSA key of 1024 bits; allowed: 2048 at least",
        "plugins.jwt.key.other: the key is for ES256, not for RS256",
        "plugins.jwt.key.mixed: the secret is a public key or a certificate",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"issuer": "me"}, "plugins.jwt: found no key; allowed: a table `key` or `key_set`"),
        ({"keys": "b"}, "plugins.jwt: keys: found 'b', allowed: a"),
        ({"routes": {"x": {}}}, "plugins.jwt: routes: found 'x', allowed: routes such as /orders"),
        ({"routes": {"/x": {"acess": "public"}}}, "plugins.jwt.routes./x.acess: there is no such"),
        ({"routes": {"/x": {"access": "open"}}}, "plugins.jwt.routes./x.access: found 'open', all"),
        ({"key_set": {"s": {"url": "http://a/b", "algorithms": "RS256"}}}, "plugins.jwt.key_set."),
        ({"key_set": {"s": {"url": "https://a/", "algorithms": "HS256"}}}, "plugins.jwt.key_set."),
        ({"key_set": {"s": {"algorithms": "RS256"}}}, "plugins.jwt.key_set.s: found neither file"),
    ],
)
def test_wrong_options_are_told(filter_for: Any, table: Claims, said: str) -> None:
    key = {} if "issuer" in table else {"a": {"algorithm": "HS256", "secret": "s" * 32}}
    assert problem(filter_for, key=key, **table).startswith(said)


def test_a_key_set_file_is_read_again_when_it_changes(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask, tmp_path: Path, monkeypatch: Any
) -> None:
    file = tmp_path / "jwks.json"
    symmetric = {"kty": "oct", "kid": "s", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}
    broken = {"kty": "RSA", "kid": "b", "n": "?"}
    listed = [keys.jwk(keys.rsa, "one"), symmetric, broken, keys.jwk(keys.weak, "weak"), 7]
    file.write_text(json.dumps({"keys": listed}))
    to = filter_for(
        key_set={"set": {"file": str(file), "algorithms": ["RS256", "ES256"]}}, audience="shop"
    )
    one = jwt.encode(claims, keys.rsa, "RS256", headers={"kid": "one"})
    two = jwt.encode(claims, keys.ec, "ES256", headers={"kid": "two"})
    assert ask(to, one)
    with pytest.raises(Unauthorized, match="no key here is for it"):
        ask(to, two)
    shared = jwt.encode(claims, symmetric["k"], "HS256", headers={"kid": "s"})
    with pytest.raises(Unauthorized, match="no key here is for it"):
        ask(to, shared)
    file.write_text(json.dumps({"keys": [keys.jwk(keys.ec, "two", alg="ES256", use="sig")]}))
    monkeypatch.setattr(key_sets, "AGAIN_S", 0.0)  # no waiting in a test
    assert ask(to, two)
    with pytest.raises(Unauthorized):
        ask(to, one)
    file.write_text("half a fi")
    with pytest.raises(Unauthorized):
        ask(to, one)
    assert ask(to, two)  # the keys there were stay in use


def test_a_key_of_a_set_is_pinned_to_what_it_says(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    jwk = keys.jwk(keys.rsa, "one", alg="RS512")
    encryption = keys.jwk(keys.other, "two", use="enc")
    file.write_text(json.dumps({"keys": [jwk, encryption]}))
    options = {"file": str(file), "algorithms": ["RS256", "RS512"]}
    to = filter_for(key_set={"set": options}, audience="shop")
    assert ask(to, jwt.encode(claims, keys.rsa, "RS512", headers={"kid": "one"}))
    for token in (
        jwt.encode(claims, keys.rsa, "RS256", headers={"kid": "one"}),
        jwt.encode(claims, keys.other, "RS256", headers={"kid": "two"}),
    ):
        with pytest.raises(Unauthorized):
            ask(to, token)


def test_a_file_that_is_no_key_set_stops_the_start(filter_for: Any, tmp_path: Path) -> None:
    for text, said in (("[]", "no JSON Web Key Set"), ('{"keys": []}', "no key of the set is for")):
        (tmp_path / "jwks.json").write_text(text)
        options = {"file": str(tmp_path / "jwks.json"), "algorithms": "ES256"}
        assert problem(filter_for, key_set={"set": options}).startswith(
            f"plugins.jwt.key_set.set: {said}"
        )


class Issuer(http.server.BaseHTTPRequestHandler):
    """Serves a key set, counts who asked, and may be out of order."""

    body = b""
    status = 200
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def issuer() -> Iterator[tuple[type[Issuer], str]]:
    kind = type("OneIssuer", (Issuer,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kind, f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_asked_once_and_survives_an_outage(
    filter_for: Any, keys: Any, claims: Claims, ask: Ask, issuer: Any, monkeypatch: Any
) -> None:
    server, url = issuer
    options = {"url": url, "algorithms": "RS256", "refresh_s": 86400}
    to = filter_for(key_set={"set": options}, audience="shop")
    token = jwt.encode(claims, keys.rsa, "RS256", headers={"kid": "one"})
    server.status = 503
    with pytest.raises(Overloaded, match="cannot be had now"):
        ask(to, token)
    server.status, server.body = 200, json.dumps({"keys": [keys.jwk(keys.rsa, "one")]}).encode()
    monkeypatch.setattr(to._default.verifier._key_sets[0], "_read_at", float("-inf"))
    assert ask(to, token)
    asked = server.asked
    for _ in range(20):
        assert ask(to, token)
        with pytest.raises(Unauthorized):
            ask(to, jwt.encode(claims, keys.other, "RS256", headers={"kid": "new"}))
    assert server.asked == asked  # unknown ids do not make us ask at every request
    monkeypatch.setattr(key_sets, "AGAIN_S", -1.0)
    for status in (500, 302):  # a redirect is not followed
        server.status = status
        with pytest.raises(Unauthorized):
            ask(to, jwt.encode(claims, keys.other, "RS256", headers={"kid": "new"}))
        assert ask(to, token)
    server.status, server.body = 200, json.dumps({"keys": [keys.jwk(keys.other, "new")]}).encode()
    assert ask(to, jwt.encode(claims, keys.other, "RS256", headers={"kid": "new"}))
    server.body = b"{" + b" " * key_sets.MOST_BYTES
    with pytest.raises(Unauthorized):
        ask(to, token)
