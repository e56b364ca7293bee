"""PBKDF2, HKDF, and the agreement on a secret by ECDH and X25519."""

from __future__ import annotations

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from nexus.guest.js.webcrypto.failure import OPERATION, Failure
from nexus.guest.js.webcrypto.signing import HASHES
from nexus.guest.js.webcrypto.work import require_time, round_s
from nexus.plugin_api.guest import Run

MAX_ROUNDS: Final = (1 << 31) - 1  # OpenSSL counts them in a C int
MAX_BYTES: Final = 1 << 20
"""derived by one call of PBKDF2"""


def pbkdf2(run: Run, secret: bytes, hash_name: str, salt: bytes, rounds: int, size: int) -> bytes:
    """Return *size* bytes; a run with too little time left is stopped. Raises: Failure."""
    if not 1 <= rounds <= MAX_ROUNDS:
        raise Failure(OPERATION, f"PBKDF2 takes 1 to {MAX_ROUNDS} iterations, not {rounds}")
    if size > MAX_BYTES:
        raise Failure(OPERATION, f"PBKDF2 derives up to {MAX_BYTES} bytes here, not {size}")
    if size == 0:
        return b""
    algorithm = HASHES[hash_name]()
    blocks = -(-size // algorithm.digest_size)
    needed_s = rounds * blocks * round_s(hash_name)
    require_time(run, needed_s, f"PBKDF2 with {rounds} iterations")
    return PBKDF2HMAC(algorithm, size, salt, rounds).derive(secret)


def hkdf(secret: bytes, hash_name: str, salt: bytes, info: bytes, size: int) -> bytes:
    """Return *size* bytes. Raises: Failure."""
    algorithm = HASHES[hash_name]()
    most = 255 * algorithm.digest_size
    if size > most:
        raise Failure(OPERATION, f"HKDF with {hash_name} derives up to {most} bytes, not {size}")
    if size == 0:
        return b""
    return HKDF(algorithm, size, salt, info).derive(secret)


def agree(private: Any, public: Any, bits: int | None) -> bytes:
    """Return the first *bits* of the secret that two keys share; None: all. Raises: Failure."""
    try:
        if isinstance(private, ec.EllipticCurvePrivateKey):
            secret = private.exchange(ec.ECDH(), public)
        else:
            secret = bytes(private.exchange(public))
    except ValueError as error:
        raise Failure(OPERATION, "The two keys have no secret in common") from error
    if bits is None:
        return secret
    if bits > 8 * len(secret):
        raise Failure(OPERATION, f"The secret has {8 * len(secret)} bits, fewer than {bits}")
    found = bytearray(secret[: -(-bits // 8)])
    if bits % 8:
        found[-1] &= 0xFF << (8 - bits % 8) & 0xFF
    return bytes(found)
