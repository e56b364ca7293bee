"""Tells compilers which of our branches are unlikely (the proposal "Branch Hinting").

A custom section lists them by their places in the function bodies. Cranelift then moves the code
behind them out of the way; LLVM in wasmer ignores the section. Our comparisons write their zero in
two bytes, which no compiler does, so they are found in finished bodies. A guest that writes the
same bytes gets a hint for its own branch, or one for no branch, which has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable

from nexus.wasm.format.leb128 import encode_unsigned

IS_NEGATIVE = b"\x42\x80\x00\x53"
"""`i64.const 0` and `i64.lt_s`"""
_BRANCHES = (0x04, 0x0D)  # if, br_if
_NAME = b"metadata.code.branch_hint"
_UNLIKELY = b"\x01\x00"


def hint_section(bodies: Iterable[bytes], first: int) -> bytes:
    """Return the payload of the custom section for *bodies*, functions from index *first* on."""
    found = []
    for function, body in enumerate(bodies, first):
        places = _unlikely(body)
        if places:
            hints = b"".join(encode_unsigned(place) + _UNLIKELY for place in places)
            found.append(encode_unsigned(function) + encode_unsigned(len(places)) + hints)
    return encode_unsigned(len(_NAME)) + _NAME + encode_unsigned(len(found)) + b"".join(found)


def _unlikely(body: bytes) -> list[int]:
    places, at = [], body.find(IS_NEGATIVE)
    while at >= 0:
        at += len(IS_NEGATIVE)
        if body[at] in _BRANCHES:
            places.append(at)
        at = body.find(IS_NEGATIVE, at)
    return places
