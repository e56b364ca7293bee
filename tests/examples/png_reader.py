"""Reads the PNGs that the chart example writes, by the letter of ISO/IEC 15948."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    colors: set[tuple[int, int, int]]
    levels: list[list[int]]
    """palette index of each pixel, row by row"""


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Split into (kind, content), checking the signature and every CRC."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", data, at + 8 + length)
        assert crc == zlib.crc32(kind + content), f"CRC of {kind!r}"
        found.append((kind, content))
        at += 12 + length
    return found


def read(data: bytes) -> Picture:
    """Decode; zlib checks the stream and its Adler-32."""
    found = chunks(data)
    kinds = [kind for kind, _ in found]
    assert kinds == [b"IHDR", b"PLTE", b"tRNS", *[b"IDAT"] * (len(kinds) - 4), b"IEND"]
    header, palette, opacity = (content for _, content in found[:3])
    width, height, *format_ = struct.unpack(">IIBBBBB", header)
    assert format_ == [4, 3, 0, 0, 0], "4-bit palette, deflate, adaptive filters, not interlaced"
    assert list(opacity) == [level * 17 for level in range(16)]

    inflate = zlib.decompressobj()
    raw = inflate.decompress(b"".join(content for kind, content in found if kind == b"IDAT"))
    assert inflate.eof
    assert not inflate.unused_data
    return Picture(
        width,
        height,
        {(palette[i], palette[i + 1], palette[i + 2]) for i in range(0, len(palette), 3)},
        unfilter(raw, width, height),
    )


def unfilter(raw: bytes, width: int, height: int) -> list[list[int]]:
    stride = (width + 1) // 2
    assert len(raw) == height * (1 + stride)
    rows, above = [], bytes(stride)
    for start in range(0, len(raw), 1 + stride):
        assert raw[start] == 2, "every row is filtered by 'up'"
        coded = raw[start + 1 : start + 1 + stride]
        above = bytes((a + b) & 0xFF for a, b in zip(above, coded, strict=True))
        rows.append([half for byte in above for half in (byte >> 4, byte & 15)][:width])
    return rows
