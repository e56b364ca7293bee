"""Keys, each bound to its algorithms, and checked when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from nexus_auth_jwt.options import SECRET_ALGORITHMS, KeyOptions

RSA_BITS = 2048
"""The smallest RSA key allowed (NIST SP 800-131A); smaller ones are refused."""
SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Maps an algorithm to its shortest secret (RFC 7518 section 3.2); shorter ones are refused."""
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True)
class VerifyingKey:
    """One key, with the algorithms that it may be used with."""

    kid: str | None
    key: Any
    """a key object that PyJWT accepts"""
    algorithms: tuple[str, ...]


def from_options(name: str, options: KeyOptions) -> VerifyingKey:
    """Read one key of the table. Raises: ValueError, OSError; the messages do not quote the key."""
    algorithm = options.algorithm
    if algorithm in SECRET_ALGORITHMS:
        secret = _text(options.secret, options.secret_file)
        key: Any = _secret(secret.encode(), algorithm)
    else:
        key = _public(_text(options.public_key, options.public_key_file))
        if algorithm not in suitable(key):
            raise ValueError(
                f"the key is for {', '.join(suitable(key)) or 'no algorithm known here'}, "
                f"not for {algorithm}"
            )
    return VerifyingKey(options.kid or name, key, (algorithm,))


def from_jwk(jwk: Mapping[str, Any], allowed: tuple[str, ...]) -> VerifyingKey | None:
    """Read one key of a set; return None if it cannot verify with any algorithm in *allowed*.

    Raises: ValueError if it is such a key, but broken.
    """
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    if jwk.get("kty") not in ("RSA", "EC", "OKP"):
        return None  # a public set must not have shared secrets
    try:
        key = _load(jwk)
    except Exception as error:  # PyJWT and cryptography raise many kinds
        raise ValueError(f"a key of the set is broken: {type(error).__name__}") from None
    pinned = tuple(name for name in suitable(key) if name in allowed)
    if "alg" in jwk:
        pinned = tuple(name for name in pinned if name == jwk["alg"])
    kid = jwk.get("kid")
    return VerifyingKey(kid if isinstance(kid, str) else None, key, pinned) if pinned else None


def suitable(key: Any) -> tuple[str, ...]:
    """Return the algorithms of a public key. Raises: ValueError for a weak key."""
    if isinstance(key, RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise ValueError(f"an RSA key of {key.key_size} bits; allowed: {RSA_BITS} at least")
        return ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
    if isinstance(key, EllipticCurvePublicKey):
        return tuple(name for curve, name in CURVES.items() if curve == key.curve.name)
    return ("EdDSA",) if isinstance(key, (Ed25519PublicKey, Ed448PublicKey)) else ()


def _load(jwk: Mapping[str, Any]) -> Any:
    kinds: dict[str, Any] = {
        "RSA": jwt.algorithms.RSAAlgorithm,
        "EC": jwt.algorithms.ECAlgorithm,
        "OKP": jwt.algorithms.OKPAlgorithm,
    }
    public = {name: value for name, value in jwk.items() if name not in ("d", "p", "q", "oth")}
    return kinds[jwk["kty"]].from_jwk(public)


def _text(text: str | None, file: Path | None) -> str:
    if text is not None:
        return text
    assert file is not None  # `KeyOptions` checked it
    return file.read_text().removesuffix("\n")  # editors add it; it is not part of the secret


def _secret(secret: bytes, algorithm: str) -> bytes:
    if len(secret) < SECRET_BYTES[algorithm]:
        raise ValueError(
            f"a secret of {len(secret)} bytes; allowed with {algorithm}: "
            f"{SECRET_BYTES[algorithm]} at least"
        )
    try:
        return jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError:  # as a secret, a public key would let anyone sign tokens
        raise ValueError("the secret is a public key or a certificate") from None


def _public(pem: str) -> Any:
    try:
        return load_pem_public_key(pem.encode())
    except ValueError:
        raise ValueError("no public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
