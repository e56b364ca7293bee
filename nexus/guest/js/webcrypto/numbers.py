"""Integers and bytes in base64url, as JSON Web Keys have them (RFC 7518)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from nexus.guest.js.webcrypto.failure import DATA, Failure

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")


def read_bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    """Return the bytes in the field *name*. Raises: Failure."""
    text = jwk.get(name)
    if isinstance(text, str) and _BASE64URL.fullmatch(text):
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            pass
    raise Failure(DATA, f"The JWK's {name} must be a string in base64url without padding")


def read_int(jwk: Mapping[str, Any], name: str) -> int:
    """Return the integer in the field *name*. Raises: Failure."""
    return int.from_bytes(read_bytes(jwk, name), "big")


def text_of(content: bytes) -> str:
    """Return *content* in base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def text_of_int(number: int) -> str:
    """Return *number* in base64url, in as few bytes as it has."""
    return text_of(number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))
