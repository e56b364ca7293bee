"""Decodes the legacy encodings of the Encoding standard, by Python's codecs.

A message is {encoding, state, last, sizes} and up to 64 KiB of bytes. `state` is what the answer to
the piece before said, empty at first. The answer is the new state, a line end, and the text in
UTF-8; its status is 1 if a byte sequence was invalid (U+FFFD stands for it).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from nexus.guest.host.framed import Framed, split_message
from nexus.guest.js.legacy_pairs import PAIRS, decode_pairs
from nexus.guest.preview1 import errno
from nexus.guest.preview1.errno import Refused

MAX_BYTES: Final = 64 << 10
"""in one message: 30 ms of work, between two checkpoints"""

_BAD: Final = "\ufffd"
_CODECS: Final[Mapping[str, str]] = {
    "ibm866": "cp866",
    "iso-8859-8-i": "iso8859-8",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874",
    **{f"windows-{number}": f"cp{number}" for number in (1250, 1251, *range(1253, 1259))},
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (*range(2, 9), 10, 13, 14, 15, 16)},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
}
_DIFFERENT: Final[Mapping[str, Mapping[int, str]]] = {
    "koi8-u": {0xAE: "\u045e", 0xBE: "\u040e"},
    "windows-1255": {0xCA: "\u05ba"},
    "x-mac-cyrillic": {0xA2: "\u0490", 0xB6: "\u0491", 0xFF: "\u20ac"},
}
"""bytes that the standard decodes otherwise than Python"""


@cache
def _table(encoding: str) -> str | None:
    """Return the characters of all bytes in an encoding of single bytes; None: it has others."""
    if encoding == "x-user-defined":
        return "".join(chr(byte if byte < 0x80 else 0xF700 + byte) for byte in range(256))
    codec = _CODECS.get(encoding)
    if codec is None:
        return None
    found = list(bytes(range(256)).decode(codec, "replace"))
    if encoding.startswith("windows-"):
        for byte in range(0x80, 0xA0):
            if found[byte] == _BAD:
                found[byte] = chr(byte)
    for byte, character in _DIFFERENT.get(encoding, {}).items():
        found[byte] = character
    return "".join(found)


class LegacyText(Framed):
    """Answers each message that the guest writes to it."""

    def write(self, content: memoryview) -> None:
        fields, pieces = split_message(content)
        data = b"".join(pieces)
        encoding = fields.get("encoding")
        if len(data) > MAX_BYTES or not isinstance(encoding, str):
            raise Refused(errno.INVAL)
        state, text, is_bad = _decode(encoding, fields, data)
        self.reply(int(is_bad), state.encode() + b"\n" + text.encode("utf-8", "replace"))


def _decode(encoding: str, fields: dict[str, Any], data: bytes) -> tuple[str, str, bool]:
    table = _table(encoding)
    if table is not None:
        text = "".join([table[byte] for byte in data])
        return "", text, _BAD in text
    if encoding not in PAIRS:
        raise Refused(errno.INVAL)
    return decode_pairs(encoding, str(fields.get("state")), data, bool(fields.get("last")))
