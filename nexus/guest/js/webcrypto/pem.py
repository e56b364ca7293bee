"""Signatures with keys in PEM or DER, for `sign` and `verify` of `node:crypto`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as serial
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from nexus.guest.js.webcrypto import signing
from nexus.guest.js.webcrypto.failure import DATA, NOT_SUPPORTED, OPERATION, Failure
from nexus.guest.js.webcrypto.pair_keys import CURVES
from nexus.guest.js.webcrypto.rsa_check import check_rsa

_MOST_KEY_BYTES: Final = 16 << 10
_PKCS1, _PSS = 1, 6
_DIGEST_SALT, _OTHER_SALT = -1, -2
"""values of `crypto.constants`; -2 signs with the longest salt, and verifies with any"""
_EDWARDS: Final = (
    ed25519.Ed25519PrivateKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PrivateKey,
    ed448.Ed448PublicKey,
)
_P1363: Final = "ieee-p1363"


def sign_with(fields: Mapping[str, Any], key_text: bytes, data: bytes) -> bytes:
    """Return the signature of *data*. Raises: Failure."""
    key = read(key_text, private=True)
    hash_name = _hash(fields, key)
    if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        return bytes(key.sign(data))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if fields.get("dsa") == _P1363:
            return signing.sign("ECDSA", key, hash_name, 0, data)
        return bytes(key.sign(data, ec.ECDSA(signing.HASHES[hash_name]())))
    way = _padding(fields, hash_name, padding.PSS.MAX_LENGTH)
    try:
        return bytes(key.sign(data, way, signing.HASHES[hash_name]()))
    except (ValueError, OverflowError) as error:
        raise Failure(OPERATION, f"The RSA key cannot sign this: {error}") from error


def verify_with(fields: Mapping[str, Any], key_text: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether *signature* is one of *data*. Raises: Failure for the key."""
    key = read(key_text, private=False)
    hash_name = _hash(fields, key)
    try:
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, data)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            if fields.get("dsa") == _P1363:
                return signing.verify("ECDSA", key, hash_name, 0, signature, data)
            key.verify(signature, data, ec.ECDSA(signing.HASHES[hash_name]()))
        else:
            way = _padding(fields, hash_name, padding.PSS.AUTO)
            key.verify(signature, data, way, signing.HASHES[hash_name]())
    except (InvalidSignature, ValueError, OverflowError):
        return False
    return True


def _hash(fields: Mapping[str, Any], key: Any) -> str:
    name = str(fields.get("hash") or "")
    takes_none = isinstance(key, _EDWARDS)
    if takes_none != (name == ""):
        what = "takes no hash: pass null" if takes_none else "needs a hash, such as sha256"
        raise Failure(OPERATION, f"This kind of key {what}")
    if name and name not in signing.HASHES:
        raise Failure(NOT_SUPPORTED, f"The hash is {name}; allowed: {', '.join(signing.HASHES)}")
    return name


def _padding(fields: Mapping[str, Any], hash_name: str, other: Any) -> padding.AsymmetricPadding:
    kind = fields.get("padding") or _PKCS1
    if kind == _PKCS1:
        return padding.PKCS1v15()
    if kind != _PSS:
        raise Failure(NOT_SUPPORTED, f"The padding is {kind!r}; allowed: {_PKCS1} and {_PSS} (PSS)")
    hash_ = signing.HASHES[hash_name]()
    salt = fields.get("salt")
    length: Any = other if salt in (None, _OTHER_SALT) else salt
    if salt == _DIGEST_SALT:
        length = hash_.digest_size
    try:
        return padding.PSS(padding.MGF1(hash_), length)
    except (ValueError, TypeError) as error:
        raise Failure(OPERATION, f"saltLength is {salt!r}: {error}") from error


def read(text: bytes, *, private: bool) -> Any:
    """Return the private key in *text*, or its public key unless *private*. Raises: Failure.

    Encrypted keys are refused: decryption may take any time, and no checkpoint interrupts it.
    """
    if len(text) > _MOST_KEY_BYTES:
        raise Failure(DATA, f"The key has {len(text)} bytes; allowed are {_MOST_KEY_BYTES}")
    try:
        key = _parsed(text, private=private)
    except UnsupportedAlgorithm as error:
        raise Failure(NOT_SUPPORTED, f"The key cannot be used: {error}") from error
    except (ValueError, TypeError) as error:
        raise Failure(DATA, f"The key cannot be read: {error}") from error
    check_rsa(key)
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        if type(key.curve) not in map(type, CURVES.values()):
            allowed = ", ".join(CURVES)
            raise Failure(NOT_SUPPORTED, f"The curve is {key.curve.name}; allowed: {allowed}")
    elif not isinstance(key, (*_EDWARDS, rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        raise Failure(NOT_SUPPORTED, "This kind of key cannot sign")
    return key if private or not hasattr(key, "public_key") else key.public_key()


def _parsed(text: bytes, *, private: bool) -> Any:
    if b"-----BEGIN" not in text:
        if private:
            return serial.load_der_private_key(text, None, unsafe_skip_rsa_key_validation=True)
        return serial.load_der_public_key(text)
    if b"PRIVATE KEY-----" in text:
        return serial.load_pem_private_key(text, None, unsafe_skip_rsa_key_validation=True)
    if private:
        raise ValueError("it is not a private key")
    if b"BEGIN CERTIFICATE-----" in text:
        from cryptography import x509  # 20 ms, and few verify with a certificate

        return x509.load_pem_x509_certificate(text).public_key()
    return serial.load_pem_public_key(text)
