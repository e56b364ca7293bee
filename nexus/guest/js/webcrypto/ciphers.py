"""Encrypts and decrypts, and wraps keys by AES."""

from __future__ import annotations

from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from nexus.guest.js.webcrypto.failure import OPERATION, Failure
from nexus.guest.js.webcrypto.signing import HASHES

_BLOCK: Final = 16
_BLOCK_BITS: Final = 128
_IV_BYTES: Final = (8, 128)  # what the library takes for GCM
_WRAPPED_BYTES: Final = 16 << 10  # the library loops in Python: 30 ms for this many


def aes_gcm(
    key: bytes, data: bytes, iv: bytes, extra: bytes, tag_bytes: int, *, decrypts: bool
) -> bytes:
    """Return *data* with its tag, or without it. Raises: Failure."""
    least, most = _IV_BYTES
    if not least <= len(iv) <= most:
        raise Failure(OPERATION, f"The iv of AES-GCM has {least} to {most} bytes, not {len(iv)}")
    if not decrypts:
        encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
        encryptor.authenticate_additional_data(extra)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag[:tag_bytes]
    if len(data) < tag_bytes:
        raise Failure(OPERATION, "The data is shorter than its tag")
    body, tag = data[:-tag_bytes], data[-tag_bytes:]
    decryptor = Cipher(algorithms.AES(key), modes.GCM(iv, tag, tag_bytes)).decryptor()
    decryptor.authenticate_additional_data(extra)
    try:
        return decryptor.update(body) + decryptor.finalize()
    except InvalidTag as error:
        raise Failure(
            OPERATION, "The data or its tag was changed, or the key is another"
        ) from error


def aes_cbc(key: bytes, data: bytes, iv: bytes, *, decrypts: bool) -> bytes:
    """Return *data* with its padding, or without it. Raises: Failure."""
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    if not decrypts:
        padder, encryptor = PKCS7(_BLOCK_BITS).padder(), cipher.encryptor()
        whole = padder.update(data) + padder.finalize()
        return encryptor.update(whole) + encryptor.finalize()
    unpadder, decryptor = PKCS7(_BLOCK_BITS).unpadder(), cipher.decryptor()
    try:
        whole = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(whole) + unpadder.finalize()
    except ValueError as error:
        raise Failure(OPERATION, "The data cannot be decrypted with this key and iv") from error


def aes_ctr(key: bytes, data: bytes, counter: bytes, bits: int) -> bytes:
    """Return *data*, encrypted or decrypted; of *counter* the last *bits* count and wrap around.

    Raises: Failure if the counter would repeat.
    """
    blocks = -(-len(data) // _BLOCK)
    if blocks > 1 << bits:
        raise Failure(OPERATION, f"A counter of {bits} bits is too short for {len(data)} bytes")
    start = int.from_bytes(counter, "big") & (1 << bits) - 1
    before_wrap = ((1 << bits) - start) * _BLOCK
    first = _ctr(key, data[:before_wrap], counter)
    if len(data) <= before_wrap:
        return first
    fixed = int.from_bytes(counter, "big") >> bits << bits
    return first + _ctr(key, data[before_wrap:], fixed.to_bytes(_BLOCK, "big"))


def _ctr(key: bytes, data: bytes, counter: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def aes_kw(key: bytes, data: bytes, *, decrypts: bool) -> bytes:
    """Return the key in *data*, wrapped or unwrapped (RFC 3394). Raises: Failure."""
    if len(data) > _WRAPPED_BYTES:
        raise Failure(OPERATION, f"AES-KW takes up to {_WRAPPED_BYTES} bytes, not {len(data)}")
    try:
        if decrypts:
            return keywrap.aes_key_unwrap(key, data)
        return keywrap.aes_key_wrap(key, data)
    except (keywrap.InvalidUnwrap, ValueError) as error:
        raise Failure(
            OPERATION,
            "AES-KW takes whole blocks of 8 bytes, at least two, and what it wrapped with this key",
        ) from error


def rsa_oaep(key: Any, hash_name: str, label: bytes, data: bytes, *, decrypts: bool) -> bytes:
    """Return *data*, encrypted or decrypted. Raises: Failure."""
    algorithm = HASHES[hash_name]()
    way = padding.OAEP(padding.MGF1(algorithm), algorithm, label or None)
    try:
        return bytes(key.decrypt(data, way) if decrypts else key.encrypt(data, way))
    except ValueError as error:
        most = key.key_size // 8 - 2 * algorithm.digest_size - 2
        why = (
            "The data cannot be decrypted with this key"
            if decrypts
            else f"RSA-OAEP encrypts up to {max(most, 0)} bytes with this key, not {len(data)}"
        )
        raise Failure(OPERATION, why) from error
