"""RSA keys and keys on curves: import, export, generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as serial
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519

from nexus.guest.js.webcrypto.failure import DATA, NOT_SUPPORTED, OPERATION, Failure
from nexus.guest.js.webcrypto.numbers import read_bytes, read_int, text_of, text_of_int
from nexus.guest.js.webcrypto.rsa_check import (
    LEAST_BITS,
    MOST_PRIVATE_BITS,
    check_private,
    check_public,
    check_rsa,
)

CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_NAMES: Final = {curve.name: name for name, curve in CURVES.items()}
OKP: Final[Mapping[str, tuple[Any, Any]]] = {
    "Ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
    "Ed448": (ed448.Ed448PrivateKey, ed448.Ed448PublicKey),
    "X448": (x448.X448PrivateKey, x448.X448PublicKey),
    "X25519": (x25519.X25519PrivateKey, x25519.X25519PublicKey),
}
_RAW: Final = (serial.Encoding.Raw, serial.PublicFormat.Raw)
_POINT: Final = (serial.Encoding.X962, serial.PublicFormat.UncompressedPoint)
_SEQUENCE: Final = 0x30


def generate(family: str, bits: int, exponent: int, curve: str) -> Any:
    """Return a new private key. Raises: Failure."""
    if family == "EC":
        return ec.generate_private_key(CURVES[curve])
    if family in OKP:
        return OKP[family][0].generate()
    if not LEAST_BITS <= bits <= MOST_PRIVATE_BITS or bits % 8:
        raise Failure(
            OPERATION,
            f"The modulusLength of a new RSA key is {LEAST_BITS} to {MOST_PRIVATE_BITS}, in whole "
            f"bytes, not {bits}",
        )
    if exponent not in (3, 65537):
        raise Failure(OPERATION, f"The publicExponent may be 3 or 65537, not {exponent}")
    return rsa.generate_private_key(exponent, bits)


def read_key(family: str, curve: str, form: str, content: bytes, jwk: Mapping[str, Any]) -> Any:
    """Return the key in *content*, or in *jwk*. Raises: Failure."""
    try:
        key: Any = _read(family, curve, form, content, jwk)
    except UnsupportedAlgorithm as error:
        raise Failure(DATA, f"The key cannot be read: {error}") from error
    except (ValueError, TypeError) as error:
        raise Failure(DATA, f"The key cannot be read as {form}") from error
    if not isinstance(key, _classes(family)):
        raise Failure(DATA, f"The key is of another kind than {curve or family}")
    if family == "EC" and key.curve.name != CURVES[curve].name:
        found = _NAMES.get(key.curve.name, key.curve.name)
        raise Failure(DATA, f"The key's curve is {found}, not {curve}")
    check_rsa(key)
    return key


def _classes(family: str) -> tuple[Any, ...]:
    if family == "RSA":
        return (rsa.RSAPrivateKey, rsa.RSAPublicKey)
    return (
        (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey) if family == "EC" else OKP[family]
    )


def _read(family: str, curve: str, form: str, content: bytes, jwk: Mapping[str, Any]) -> Any:
    if form == "pkcs8":
        # `rsa_check` checks what is skipped here.
        _require_sequence(content, 1)
        return serial.load_der_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    if form == "spki":
        _require_sequence(content, 0)
        return serial.load_der_public_key(content)
    if form == "jwk":
        return _read_rsa_jwk(jwk) if family == "RSA" else _read_curve_jwk(family, curve, jwk)
    if family == "EC":
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve], content)
    return OKP[family][1].from_public_bytes(content)


def _require_sequence(der: bytes, index: int) -> None:
    """Refuse other forms that the library reads alike: element *index* must be an algorithm."""
    body = _body(der)
    for _ in range(index):
        body = body[len(body) - len(_rest(body)) :]
    if body[:1] != bytes([_SEQUENCE]):
        raise ValueError("another form of key")


def _body(der: bytes) -> bytes:
    """Return what is in the outermost element."""
    if len(der) < 2:
        raise ValueError("not DER")
    return der[2 + (der[1] & 0x7F if der[1] & 0x80 else 0) :]


def _rest(body: bytes) -> bytes:
    """Return what follows the first element, whose length is one byte."""
    return body[2 + body[1] :] if len(body) > 1 else b""


def _read_rsa_jwk(jwk: Mapping[str, Any]) -> Any:
    public = rsa.RSAPublicNumbers(read_int(jwk, "e"), read_int(jwk, "n"))
    if "d" not in jwk:
        check_public(public)
        return public.public_key()
    if "oth" in jwk:
        raise Failure(NOT_SUPPORTED, "RSA keys of more than two primes are not supported")
    p, q, d, dp, dq, qi = (read_int(jwk, name) for name in ("p", "q", "d", "dp", "dq", "qi"))
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public)
    check_private(numbers)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _read_curve_jwk(family: str, curve: str, jwk: Mapping[str, Any]) -> Any:
    if family == "EC":
        size = (CURVES[curve].key_size + 7) // 8
        x, y = (_coordinate(jwk, name, size) for name in "xy")
        public = ec.EllipticCurvePublicNumbers(x, y, CURVES[curve])
        if "d" not in jwk:
            return public.public_key()
        return ec.EllipticCurvePrivateNumbers(_coordinate(jwk, "d", size), public).private_key()
    private, public_class = OKP[family]
    x_bytes = read_bytes(jwk, "x")
    if "d" not in jwk:
        return public_class.from_public_bytes(x_bytes)
    key = private.from_private_bytes(read_bytes(jwk, "d"))
    if key.public_key().public_bytes(*_RAW) != x_bytes:
        raise Failure(DATA, "The JWK's x is not that of its d")
    return key


def _coordinate(jwk: Mapping[str, Any], name: str, size: int) -> int:
    content = read_bytes(jwk, name)
    if len(content) != size:
        raise Failure(DATA, f"The JWK's {name} must have {size} bytes, not {len(content)}")
    return int.from_bytes(content, "big")


def is_private(key: Any) -> bool:
    """Return whether *key* is the private one of a pair."""
    return hasattr(key, "private_bytes")


def facts(key: Any) -> dict[str, object]:
    """Return what a CryptoKey shows of *key* beside what its user passed."""
    found: dict[str, object] = {"private": is_private(key)}
    if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        public = key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key
        found["bits"] = key.key_size
        found["exponent"] = text_of_int(public.public_numbers().e)
    return found


def material(key: Any) -> bytes:
    """Return *key* as pkcs8 or spki."""
    return write_key(key, "pkcs8" if is_private(key) else "spki")


def write_key(key: Any, form: str) -> bytes:
    """Return *key* in a form of bytes: `pkcs8`, `spki` or `raw`."""
    if form == "pkcs8":
        return bytes(
            key.private_bytes(
                serial.Encoding.DER, serial.PrivateFormat.PKCS8, serial.NoEncryption()
            )
        )
    if form == "spki":
        return bytes(
            key.public_bytes(serial.Encoding.DER, serial.PublicFormat.SubjectPublicKeyInfo)
        )
    form_of_raw = _POINT if isinstance(key, ec.EllipticCurvePublicKey) else _RAW
    return bytes(key.public_bytes(*form_of_raw))


def write_jwk(key: Any) -> dict[str, str]:
    """Return the fields of *key* that hold its numbers and its kind."""
    private = is_private(key)
    public = key.public_key() if private else key
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        fields = {"kty": "RSA", "n": text_of_int(numbers.n), "e": text_of_int(numbers.e)}
        return fields | (_rsa_secrets(key) if private else {})
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _ec_jwk(public, key if private else None)
    name = next(name for name, (_, kind) in OKP.items() if isinstance(public, kind))
    fields = {"kty": "OKP", "crv": name, "x": text_of(public.public_bytes(*_RAW))}
    return fields | ({"d": text_of(key.private_bytes_raw())} if private else {})


def _rsa_secrets(key: rsa.RSAPrivateKey) -> dict[str, str]:
    found = key.private_numbers()
    names = {"p": found.p, "q": found.q, "dp": found.dmp1, "dq": found.dmq1, "qi": found.iqmp}
    return {name: text_of_int(number) for name, number in {"d": found.d, **names}.items()}


def _ec_jwk(
    public: ec.EllipticCurvePublicKey, private: ec.EllipticCurvePrivateKey | None
) -> dict[str, str]:
    size = (public.curve.key_size + 7) // 8
    numbers = public.public_numbers()
    values = {"x": numbers.x, "y": numbers.y}
    if private is not None:
        values["d"] = private.private_numbers().private_value
    fields = {name: text_of(number.to_bytes(size, "big")) for name, number in values.items()}
    return {"kty": "EC", "crv": _NAMES[public.curve.name], **fields}
