"""Real keys, made once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nexus.config import Settings
from nexus.model import Compiled, Handler, ModuleInfo
from nexus_auth_jwt import nexus_request_filters

INFO = ModuleInfo((), (), 0, 0, False, (), None, False, 0, 0, 0)


class Keys:
    """Private keys by the algorithms they sign with."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.other = rsa.generate_private_key(65537, 2048)
        self.weak = rsa.generate_private_key(65537, 1024)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.ed = ed25519.Ed25519PrivateKey.generate()

    @staticmethod
    def pem(private: Any) -> str:
        public = private.public_key()
        return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    @staticmethod
    def jwk(private: Any, kid: str, **more: str) -> dict[str, Any]:
        kinds: dict[type, Any] = {
            rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
            ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
            ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
        }
        kind = next(found for of, found in kinds.items() if isinstance(private, of))
        return {**json.loads(kind.to_jwk(private.public_key())), "kid": kid, **more}


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture
def filter_for() -> Callable[..., Any]:
    """Make the filter of a table `plugins.jwt`."""

    def make(**table: object) -> Any:
        settings = Settings(cache_dir=Path("/nowhere"), plugins={"jwt": table})
        found = nexus_request_filters(settings)
        assert found is not None
        return found[0]

    return make


@pytest.fixture
def rsa_filter(filter_for: Callable[..., Any], keys: Keys) -> Any:
    """Takes tokens of `keys.rsa` from issuer `me` for `shop`."""
    return filter_for(
        key={"main": {"algorithm": "RS256", "public_key": keys.pem(keys.rsa)}},
        issuer="me",
        audience="shop",
    )


@pytest.fixture
def claims() -> dict[str, Any]:
    """Those of a good token."""
    now = int(time.time())
    return {"iss": "me", "aud": "shop", "sub": "ann", "iat": now, "exp": now + 300}


@pytest.fixture
def ask() -> Callable[..., dict[str, Any]]:
    """Send a request through a filter and return what the guest would see."""

    def send(
        to: Any, token: str | None = None, route: str = "/orders", **environ: str
    ) -> dict[str, Any]:
        handler = Handler("orders", route, Compiled("key", b"", INFO, "wasi"))
        seen: dict[str, Any] = {"PATH_INFO": route, "REQUEST_METHOD": "GET", **environ}
        if token is not None:
            seen["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        to.begin(handler, seen)
        return seen

    return send
