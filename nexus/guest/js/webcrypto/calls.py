"""The calls of `crypto.subtle` on the host, by name; `service.py` reads and writes the messages."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from nexus.guest.js.webcrypto import ciphers, derivation, key_objects, pair_keys, pem, signing
from nexus.guest.js.webcrypto.failure import DATA, Failure
from nexus.guest.js.webcrypto.key_table import KeyTable
from nexus.guest.js.webcrypto.numbers import read_bytes, text_of
from nexus.guest.js.webcrypto.work import require_time
from nexus.plugin_api.guest import Run

SECRET: Final = "secret"
_RSA_4096_S: Final = 4.0
"""CPU time that hardly any generation of 4096 bits exceeds; the mean is 0.5 s"""


class Call(NamedTuple):
    """One message of a guest; the fields of *fields* are as the prelude sends them."""

    run: Run
    keys: KeyTable
    fields: Mapping[str, Any]
    pieces: list[bytes]
    shows_keys: bool

    def key(self, name: str = "key") -> Any:
        return self.keys.get(self.fields[name])

    def kept(self, key: Any, content: bytes) -> tuple[dict[str, Any], bytes]:
        """Keep *key*; return its facts and, during set-up, its *content*."""
        number = self.keys.add(key, bool(self.fields.get("extractable")))
        facts = {"size": len(key)} if isinstance(key, bytes) else pair_keys.facts(key)
        return {"key": number, **facts}, content if self.shows_keys else b""


Answer = tuple[Any, bytes]
"""a line of JSON and bytes"""


def _import(call: Call) -> Answer:
    fields = call.fields
    family, form = fields["family"], fields["form"]
    content, jwk = b"".join(call.pieces), fields.get("jwk") or {}
    if family == SECRET:
        secret = read_bytes(jwk, "k") if form == "jwk" else content
        return call.kept(secret, secret)
    key = pair_keys.read_key(family, fields.get("curve") or "", form, content, jwk)
    if form in ("pkcs8", "jwk") and pair_keys.is_private(key) != bool(fields.get("private")):
        raise Failure(DATA, "The key is not of the type that its form says")
    return call.kept(key, pair_keys.material(key) if call.shows_keys else b"")


def _generate(call: Call) -> Answer:
    fields = call.fields
    family, bits = fields["family"], int(fields.get("bits") or 0)
    if family == "RSA" and bits <= 4096:
        require_time(call.run, _RSA_4096_S * (bits / 4096) ** 4, f"An RSA key of {bits} bits")
    if family == SECRET:
        return {
            "private": call.keys.add(os.urandom(bits // 8), bool(fields.get("extractable")))
        }, b""
    exponent = int(fields.get("exponent") or 0)
    key = pair_keys.generate(family, bits, exponent, fields.get("curve") or "")
    private = call.keys.add(key, bool(fields.get("extractable")))
    return {"private": private, "public": call.keys.add(key.public_key(), True)}, b""


def _export(call: Call) -> Answer:
    key, form = call.keys.extractable(call.fields["key"]), call.fields["form"]
    if isinstance(key, bytes):
        return ({"kty": "oct", "k": text_of(key)}, b"") if form == "jwk" else (None, key)
    if form == "jwk":
        return pair_keys.write_jwk(key), b""
    return None, pair_keys.write_key(key, form)


def _sign(call: Call) -> Answer:
    name, hash_name = call.fields["name"], call.fields.get("hash") or ""
    (data,) = call.pieces
    if name == "HMAC":
        return None, signing.sign_hmac(call.key(), hash_name, data)
    return None, signing.sign(name, call.key(), hash_name, _salt_bytes(call), data)


def _verify(call: Call) -> Answer:
    name, hash_name = call.fields["name"], call.fields.get("hash") or ""
    signature, data = call.pieces
    if name == "HMAC":
        return signing.verify_hmac(call.key(), hash_name, signature, data), b""
    salt = _salt_bytes(call)
    return signing.verify(name, call.key(), hash_name, salt, signature, data), b""


def _salt_bytes(call: Call) -> int:
    return int(call.fields.get("salt") or 0)


def _crypt(call: Call, *, decrypts: bool) -> Answer:
    fields, key = call.fields, call.key()
    data, first, second = call.pieces
    match fields["name"]:
        case "AES-GCM":
            tag_bytes = int(fields["tag"])
            found = ciphers.aes_gcm(key, data, first, second, tag_bytes, decrypts=decrypts)
        case "AES-CBC":
            found = ciphers.aes_cbc(key, data, first, decrypts=decrypts)
        case "AES-CTR":
            found = ciphers.aes_ctr(key, data, first, int(fields["bits"]))
        case "AES-KW":
            found = ciphers.aes_kw(key, data, decrypts=decrypts)
        case _:
            found = ciphers.rsa_oaep(key, fields["hash"], first, data, decrypts=decrypts)
    return None, found


def _encrypt(call: Call) -> Answer:
    return _crypt(call, decrypts=False)


def _decrypt(call: Call) -> Answer:
    return _crypt(call, decrypts=True)


def _derive(call: Call) -> Answer:
    """Return bytes, or keep them as a secret key: they never reach the guest then."""
    fields, key = call.fields, call.key()
    match fields["name"]:
        case "PBKDF2":
            (salt,), rounds, size = call.pieces, int(fields["rounds"]), int(fields["size"])
            found = derivation.pbkdf2(call.run, key, fields["hash"], salt, rounds, size)
        case "HKDF":
            salt, info = call.pieces
            found = derivation.hkdf(key, fields["hash"], salt, info, int(fields["size"]))
        case _:
            bits = fields.get("bits")
            found = derivation.agree(key, call.key("public"), bits)
    return call.kept(found, found) if fields.get("keeps") else (None, found)


def _sign_pem(call: Call) -> Answer:
    key, data = call.pieces
    return None, pem.sign_with(call.fields, key, data)


def _verify_pem(call: Call) -> Answer:
    key, signature, data = call.pieces
    return pem.verify_with(call.fields, key, signature, data), b""


def _read_key_object(call: Call) -> Answer:
    (content,) = call.pieces
    return key_objects.read_key_object(call.fields, content)


def _write_key_object(call: Call) -> Answer:
    (content,) = call.pieces
    return key_objects.write_key_object(call.fields, content)


CALLS: Final[Mapping[str, Callable[[Call], Answer]]] = {
    "import": _import,
    "generate": _generate,
    "export": _export,
    "sign": _sign,
    "verify": _verify,
    "encrypt": _encrypt,
    "decrypt": _decrypt,
    "derive": _derive,
    "sign_pem": _sign_pem,
    "verify_pem": _verify_pem,
    "read_key_object": _read_key_object,
    "write_key_object": _write_key_object,
}
