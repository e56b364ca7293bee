"""LEB128 integers (core specification, 5.2.2 "Integers").

The readers enforce both limits of the specification: at most ceil(bits / 7) bytes, and unused bits
of the last byte that repeat zero or the sign. The caller checks that a number lies inside its
section: these functions raise IndexError only at the end of *data*.
"""

from __future__ import annotations

from nexus.errors import InvalidModule


def read_u32(data: bytes, pos: int) -> tuple[int, int]:
    """Read an unsigned 32-bit number at *pos*; return it and the position behind it.

    Raises: InvalidModule if it is too long or too large; IndexError at the end of *data*.
    """
    byte = data[pos]
    if byte < 0x80:
        return byte, pos + 1
    second = data[pos + 1]
    if second < 0x80:
        return byte & 0x7F | second << 7, pos + 2
    third = data[pos + 2]
    if third < 0x80:
        return byte & 0x7F | (second & 0x7F) << 7 | third << 14, pos + 3
    value, end = _read_groups(data, pos, 5)
    if value >> 32:
        raise InvalidModule("an integer does not fit in 32 bits", pos)
    return value, end


def read_signed(data: bytes, pos: int, bits: int) -> tuple[int, int]:
    """Read a signed number of *bits* bits at *pos*; return it and the position behind it.

    Raises: InvalidModule if it is too long or too large; IndexError at the end of *data*.
    """
    value, end = _read_groups(data, pos, -(-bits // 7))
    width = 7 * (end - pos)
    if value >> (width - 1):
        value -= 1 << width
    if not -1 << (bits - 1) <= value < 1 << (bits - 1):
        raise InvalidModule(f"an integer does not fit in {bits} signed bits", pos)
    return value, end


def skip_signed(data: bytes, pos: int, bits: int) -> int:
    """Skip a signed number of *bits* bits at *pos*.

    Raises: as `read_signed` does. Up to three bytes always fit, and are not decoded.
    """
    for end in (pos + 1, pos + 2, pos + 3):
        if data[end - 1] < 0x80:
            return end
    return read_signed(data, pos, bits)[1]


def _read_groups(data: bytes, pos: int, max_bytes: int) -> tuple[int, int]:
    value = shift = 0
    at = pos
    while shift < 7 * max_bytes:
        byte = data[at]
        at += 1
        if byte < 0x80:
            return value | byte << shift, at
        value |= (byte & 0x7F) << shift
        shift += 7
    raise InvalidModule(f"an integer is longer than {max_bytes} bytes", pos)


def encode_unsigned(value: int) -> bytes:
    """Encode a number >= 0 in as few bytes as possible."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_signed(value: int) -> bytes:
    """Encode a number in two's complement in as few bytes as possible."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)
