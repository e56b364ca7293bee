"""Signs and verifies."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from nexus.guest.js.webcrypto.failure import OPERATION, Failure

HASHES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {
    "SHA-1": hashes.SHA1,
    "SHA-256": hashes.SHA256,
    "SHA-384": hashes.SHA384,
    "SHA-512": hashes.SHA512,
}


def sign(name: str, key: Any, hash_name: str, salt: int, data: bytes) -> bytes:
    """Return the signature of *data*. Raises: Failure."""
    if name in ("Ed25519", "Ed448"):
        return bytes(key.sign(data))
    if name == "ECDSA":
        size = _curve_bytes(key)
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(HASHES[hash_name]())))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    try:
        return bytes(key.sign(data, _padding(name, hash_name, salt), HASHES[hash_name]()))
    except (ValueError, OverflowError) as error:
        raise Failure(OPERATION, f"The RSA key cannot sign this: {error}") from error


def verify(name: str, key: Any, hash_name: str, salt: int, signature: bytes, data: bytes) -> bool:
    """Return whether *signature* is one of *data*."""
    try:
        if name in ("Ed25519", "Ed448"):
            key.verify(signature, data)
        elif name == "ECDSA":
            size = _curve_bytes(key)
            if len(signature) != 2 * size:
                return False
            r, s = (int.from_bytes(signature[at : at + size], "big") for at in (0, size))
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(HASHES[hash_name]()))
        else:
            way = _padding(name, hash_name, salt)
            key.verify(signature, data, way, HASHES[hash_name]())
    except (InvalidSignature, ValueError, OverflowError):
        return False
    return True


def sign_hmac(key: bytes, hash_name: str, data: bytes) -> bytes:
    """Return the HMAC of *data*."""
    return hmac.digest(key, data, hash_name.replace("-", "").lower())


def verify_hmac(key: bytes, hash_name: str, signature: bytes, data: bytes) -> bool:
    """Return whether *signature* is the HMAC of *data*, in a time that does not depend on it."""
    return hmac.compare_digest(sign_hmac(key, hash_name, data), signature)


def _padding(name: str, hash_name: str, salt: int) -> padding.AsymmetricPadding:
    if name == "RSA-PSS":
        return padding.PSS(padding.MGF1(HASHES[hash_name]()), salt)
    return padding.PKCS1v15()


def _curve_bytes(key: Any) -> int:
    return int(key.curve.key_size + 7) // 8
