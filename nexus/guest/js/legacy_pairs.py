"""Encodings whose characters have several bytes, as the Encoding standard decodes them.

Python's codecs know the characters; which bytes belong together, and what an invalid sequence
swallows, the standard says otherwise. Each decoder reads one token: from the bytes at *at* it
returns how many belong together and their text, None if they are invalid, or 0 bytes if more are
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

_BAD: Final = "\ufffd"
_Token = tuple[int, "str | None"]
_MORE: Final[_Token] = (0, None)


def _text(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _invalid(trail: int, length: int) -> _Token:
    """Return a token that leaves an ASCII byte at its end to the next one."""
    return (length - 1 if trail < 0x80 else length), None


def _pair(data: bytes, at: int, trails: range, codec: str) -> _Token:
    """Read two bytes of which the first may begin a pair."""
    if at + 1 >= len(data):
        return _MORE
    trail = data[at + 1]
    found = _text(data[at : at + 2], codec) if trail in trails else None
    return (2, found) if found is not None else _invalid(trail, 2)


_GB_DIFFERENT: Final = {b"\xa3\xa0": "\u3000", b"\xa8\xbc": "\u1e3f", b"\x81\x35\xf4\x37": "\ue7c7"}
"""sequences that the standard decodes otherwise than Python"""


def _gb18030(data: bytes, at: int) -> _Token:
    lead = data[at]
    if lead == 0x80:
        return 1, "\u20ac"
    if lead == 0xFF:
        return 1, None
    if at + 1 >= len(data):
        return _MORE
    different = _GB_DIFFERENT.get(data[at : at + 2]) or _GB_DIFFERENT.get(data[at : at + 4])
    if different is not None:
        return (4 if data[at] == 0x81 else 2), different
    if data[at + 1] not in range(0x30, 0x3A):
        return _pair(data, at, range(0x40, 0xFF), "gb18030")
    if at + 2 >= len(data):
        return _MORE
    if data[at + 2] not in range(0x81, 0xFF):
        return 1, None
    if at + 3 >= len(data):
        return _MORE
    if data[at + 3] not in range(0x30, 0x3A):
        return 1, None
    return 4, _text(data[at : at + 4], "gb18030")


def _big5(data: bytes, at: int) -> _Token:
    if data[at] in (0x80, 0xFF):
        return 1, None
    return _pair(data, at, range(0x40, 0xFF), "big5hkscs")


def _euc_kr(data: bytes, at: int) -> _Token:
    if data[at] in (0x80, 0xFF):
        return 1, None
    return _pair(data, at, range(0x41, 0xFF), "cp949")


def _shift_jis(data: bytes, at: int) -> _Token:
    lead = data[at]
    if lead == 0x80:
        return 1, "\x80"
    if 0xA1 <= lead <= 0xDF:
        return 1, chr(0xFF61 - 0xA1 + lead)
    if lead in (0xA0, 0xFD, 0xFE, 0xFF):
        return 1, None
    return _pair(data, at, range(0x40, 0xFD), "cp932")


def _jis0208(first: int, second: int) -> str | None:
    """Return the character of two bytes from 0x21 on, by way of Shift_JIS."""
    row, cell = first - 0x21, second - 0x21
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
    return _text(bytes((lead, trail)), "cp932")


def _euc_jp(data: bytes, at: int) -> _Token:
    lead = data[at]
    if lead not in (0x8E, 0x8F) and lead not in range(0xA1, 0xFF):
        return 1, None
    if at + 1 >= len(data):
        return _MORE
    trail = data[at + 1]
    if lead == 0x8E and trail in range(0xA1, 0xE0):
        return 2, chr(0xFF61 - 0xA1 + trail)
    if lead == 0x8E or trail not in range(0xA1, 0xFF):
        return _invalid(trail, 2)
    if lead != 0x8F:
        return 2, _jis0208(lead - 0x80, trail - 0x80)
    if at + 2 >= len(data):
        return _MORE
    last = data[at + 2]
    if last not in range(0xA1, 0xFF):
        return _invalid(last, 3)
    return 3, _text(data[at : at + 3], "euc_jp")


_Read = Callable[[bytes, int], _Token]
_READERS: Final[Mapping[str, _Read]] = {
    "gbk": _gb18030,
    "gb18030": _gb18030,
    "big5": _big5,
    "euc-kr": _euc_kr,
    "shift_jis": _shift_jis,
    "euc-jp": _euc_jp,
}
PAIRS: Final = frozenset((*_READERS, "iso-2022-jp"))


def decode_pairs(encoding: str, state: str, data: bytes, last: bool) -> tuple[str, str, bool]:
    """Decode *data* after the bytes that *state* holds; return a state, text, and whether invalid
    bytes were among them."""
    if encoding == "iso-2022-jp":
        return _decode_iso_2022_jp(state, data, last)
    read = _READERS[encoding]
    data = bytes.fromhex(state) + data
    at, is_bad, text = 0, False, []
    while at < len(data):
        size, found = (1, chr(data[at])) if data[at] < 0x80 else read(data, at)
        if size == 0:
            break
        is_bad |= found is None
        text.append(_BAD if found is None else found)
        at += size
    rest = data[at:]
    if rest and last:
        return "", "".join(text) + _BAD, True
    return rest.hex(), "".join(text), is_bad


_ESCAPES: Final[Mapping[bytes, str]] = {
    b"(B": "A",
    b"(J": "R",
    b"(I": "K",
    b"$@": "J",
    b"$B": "J",
}
"""what follows an escape, and the mode that it begins: ASCII, Roman, Katakana, JIS X 0208"""


def _decode_iso_2022_jp(state: str, data: bytes, last: bool) -> tuple[str, str, bool]:
    """The state is a mode, a mark of whether the last token was an escape, and bytes in hex."""
    mode, escaped = (state[:1] or "A"), state[1:2] == "e"
    data = bytes.fromhex(state[2:]) + data
    at, is_bad, text = 0, False, []
    while at < len(data):
        byte = data[at]
        if byte == 0x1B:
            if at + 2 >= len(data) and not last:
                break
            found = _ESCAPES.get(data[at + 1 : at + 3])
            if found is not None:
                if escaped:
                    text.append(_BAD)
                    is_bad = True
                mode, escaped, at = found, True, at + 3
                continue
            text.append(_BAD)
            is_bad, escaped, at = True, False, at + 1
            continue
        if mode == "J" and byte in range(0x21, 0x7F) and at + 1 >= len(data) and not last:
            break
        size, character = _iso_token(mode, data, at)
        is_bad |= character is None
        text.append(_BAD if character is None else character)
        escaped, at = False, at + size
    return f"{mode}{'e' if escaped else '-'}{data[at:].hex()}", "".join(text), is_bad


def _iso_token(mode: str, data: bytes, at: int) -> _Token:
    byte = data[at]
    if mode == "J":
        if byte not in range(0x21, 0x7F) or at + 1 >= len(data):
            return 1, None
        trail = data[at + 1]
        if trail == 0x1B:
            return 1, None
        return 2, _jis0208(byte, trail) if trail in range(0x21, 0x7F) else None
    if mode == "K":
        return 1, chr(0xFF61 - 0x21 + byte) if byte in range(0x21, 0x60) else None
    if byte >= 0x80 or byte in (0x0E, 0x0F):
        return 1, None
    if mode == "R" and byte in (0x5C, 0x7E):
        return 1, "\u00a5" if byte == 0x5C else "\u203e"
    return 1, chr(byte)
