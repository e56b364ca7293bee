"""`KeyObject` of `node:crypto`: what a key in PEM, DER or JWK is, and the key in other forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import serialization as serial
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from nexus.guest.js.webcrypto import pair_keys, pem
from nexus.guest.js.webcrypto.failure import DATA, NOT_SUPPORTED, Failure

_NODE_CURVES: Final = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}
_FORMS: Final[Mapping[str, tuple[Any, Any]]] = {
    "pkcs1": (rsa.RSAPrivateKey, serial.PrivateFormat.TraditionalOpenSSL),
    "sec1": (ec.EllipticCurvePrivateKey, serial.PrivateFormat.TraditionalOpenSSL),
}


def read_key_object(fields: Mapping[str, Any], content: bytes) -> tuple[dict[str, object], bytes]:
    """Return the facts of the key in *content* or in the field `jwk`, and the key as pkcs8 or spki.

    The field `private` chooses which key of a pair. Raises: Failure.
    """
    private = bool(fields.get("private"))
    jwk = fields.get("jwk")
    key = pem.read(content, private=private) if jwk is None else _of_jwk(jwk, private=private)
    return _facts(key), pair_keys.material(key)


def write_key_object(fields: Mapping[str, Any], content: bytes) -> tuple[Any, bytes]:
    """Return the key in *content*, as pkcs8 or spki, in the form that the fields name: its JWK, or
    its bytes. Raises: Failure."""
    private = bool(fields.get("private"))
    key = pem.read(content, private=private)
    form = str(fields.get("form"))
    if form == "jwk":
        return pair_keys.write_jwk(key), b""
    if form == "pkcs1" and isinstance(key, rsa.RSAPublicKey):
        return None, bytes(key.public_bytes(serial.Encoding.DER, serial.PublicFormat.PKCS1))
    kind, written = _FORMS.get(form, (None, None))
    if kind is None or not isinstance(key, kind):
        allowed = "pkcs1 (RSA), sec1 (private EC), pkcs8 (private), spki (public), jwk"
        raise Failure(NOT_SUPPORTED, f"This key has no form {form!r}; there are {allowed}")
    return None, bytes(key.private_bytes(serial.Encoding.DER, written, serial.NoEncryption()))


def _of_jwk(jwk: Any, *, private: bool) -> Any:
    if not isinstance(jwk, dict):
        raise Failure(DATA, "The JWK is not an object")
    family = {"RSA": "RSA", "EC": "EC"}.get(str(jwk.get("kty")), str(jwk.get("crv")))
    curve = str(jwk.get("crv"))
    known = ("RSA", "EC", *pair_keys.OKP)
    if family not in known or (family == "EC" and curve not in pair_keys.CURVES):
        kinds = ", ".join((*pair_keys.CURVES, *pair_keys.OKP))
        raise Failure(NOT_SUPPORTED, f"The JWK's kty and crv must be RSA or one of {kinds}")
    key = pair_keys.read_key(family, curve, "jwk", b"", jwk)
    if private and not pair_keys.is_private(key):
        raise Failure(DATA, "The JWK is not a private key")
    return key if private or not pair_keys.is_private(key) else key.public_key()


def _facts(key: Any) -> dict[str, object]:
    """Return `asymmetricKeyType` and `asymmetricKeyDetails`, as Node has them."""
    found = pair_keys.write_jwk(key.public_key() if pair_keys.is_private(key) else key)
    if found["kty"] == "RSA":
        exponent = (key.public_key() if pair_keys.is_private(key) else key).public_numbers().e
        return {"type": "rsa", "details": {"modulusLength": key.key_size}, "e": str(exponent)}
    if found["kty"] == "EC":
        return {"type": "ec", "details": {"namedCurve": _NODE_CURVES[found["crv"]]}}
    return {"type": found["crv"].lower(), "details": {}}
