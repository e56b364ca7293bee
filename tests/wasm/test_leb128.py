"""LEB128 numbers: round trips, and both limits of the specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.errors import InvalidModule
from nexus.wasm.format.leb128 import (
    encode_signed,
    encode_unsigned,
    read_signed,
    read_u32,
    skip_signed,
)


@given(st.integers(0, 2**32 - 1))
def test_unsigned_round_trip(value: int) -> None:
    raw = encode_unsigned(value)
    assert read_u32(b"?" + raw + b"\xff", 1) == (value, 1 + len(raw))


@given(st.sampled_from([32, 33, 64]), st.data())
def test_signed_round_trip(bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    raw = encode_signed(value)
    assert read_signed(b"?" + raw + b"\xff", 1, bits) == (value, 1 + len(raw))
    assert skip_signed(b"?" + raw + b"\xff", 1, bits) == 1 + len(raw)


def test_padding_is_allowed_up_to_the_longest_encoding() -> None:
    assert read_u32(b"\x83\x80\x80\x80\x00", 0) == (3, 5)
    assert read_signed(b"\xff\xff\xff\xff\x7f", 0, 32) == (-1, 5)
    assert read_signed(b"\xfe" + b"\xff" * 8 + b"\x7f", 0, 64) == (-2, 10)


@pytest.mark.parametrize(
    "raw",
    [b"\x80\x80\x80\x80\x80\x00", b"\x80\x80\x80\x80\x10", b"\xff\xff\xff\xff\x7f"],
    ids=["too long", "bit 32", "unused bits"],
)
def test_unsigned_limits(raw: bytes) -> None:
    with pytest.raises(InvalidModule, match=r"longer than 5 bytes|does not fit in 32 bits"):
        read_u32(raw, 0)


@pytest.mark.parametrize(
    ("raw", "bits"),
    [
        (b"\x80\x80\x80\x80\x80\x00", 32),
        (b"\x80\x80\x80\x80\x08", 32),  # 2**31
        (b"\xff\xff\xff\xff\x77", 32),  # sign bit, unused bits clear
        (b"\x80\x80\x80\x80\x10", 33),  # 2**32
        (b"\x80" * 9 + b"\x01", 64),  # 2**63
        (b"\x80" * 10 + b"\x00", 64),
    ],
)
def test_signed_limits(raw: bytes, bits: int) -> None:
    for read in (read_signed, skip_signed):
        with pytest.raises(InvalidModule, match=r"longer than|does not fit"):
            read(raw, 0, bits)


def test_end_of_data() -> None:
    for raw in (b"", b"\x80", b"\x80\x80\x80\x80"):
        with pytest.raises(IndexError):
            read_u32(raw, 0)
        with pytest.raises(IndexError):
            read_signed(raw, 0, 64)
