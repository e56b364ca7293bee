"""TextDecoder's legacy encodings, which the host decodes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .support import Scripts

TEXTS = {
    "shift_jis": ("日本語ｱ表", "cp932"),
    "euc-jp": ("日本語ｱ表", "euc_jp"),
    "iso-2022-jp": ("日本 x 語", "iso2022_jp"),
    "euc-kr": ("한국어 뷁", "cp949"),
    "gbk": ("汉字€", "gb18030"),
    "gb18030": ("汉字🙂", "gb18030"),
    "big5": ("漢字", "big5"),
    "koi8-r": ("Привет", "koi8-r"),
    "windows-1251": ("Привет", "cp1251"),
    "iso-8859-2": ("Łódź", "iso8859-2"),
    "macintosh": ("café", "mac-roman"),
}


def answer(scripts: Scripts, body: str) -> Any:
    """Return what `body` returns, as JSON."""
    source = f"export default () => Response.json((() => {{ {body} }})());"
    return json.loads(scripts.fetch(scripts.handler(source)).body)


@pytest.mark.parametrize("label", TEXTS)
def test_a_text_is_decoded_whole_and_byte_by_byte(scripts: Scripts, label: str) -> None:
    text, codec = TEXTS[label]
    body = f"""
    const bytes = new Uint8Array({list(text.encode(codec))});
    const decoder = new TextDecoder(" {label.upper()}\\n", {{ fatal: true }});
    const whole = decoder.decode(bytes);
    let pieces = "";
    for (const byte of bytes) pieces += decoder.decode(new Uint8Array([byte]), {{ stream: true }});
    return [decoder.encoding, whole, pieces + decoder.decode()];"""
    assert answer(scripts, body) == [label, text, text]


INVALID = {
    "shift_jis": ([0x81, 0x41, 0x81, 0x20, 0xFF], "、\ufffd \ufffd"),
    "euc-kr": ([0x81, 0x20, 0xC8], "\ufffd \ufffd"),
    "gb18030": ([0x81, 0x30, 0x81, 0x41], "\ufffd0丄"),
    "iso-2022-jp": ([0x1B, 0x24, 0x41, 0x1B, 0x24, 0x42], "\ufffd$A"),
    "windows-1253": ([0x41, 0xAA, 0x81], "A\ufffd\x81"),
}


@pytest.mark.parametrize("label", INVALID)
def test_invalid_bytes_become_one_mark_each(scripts: Scripts, label: str) -> None:
    given, text = INVALID[label]
    body = f"""
    const bytes = new Uint8Array({given});
    let refused;
    try {{ new TextDecoder("{label}", {{ fatal: true }}).decode(bytes); }}
    catch (error) {{ refused = error.name; }}
    return [new TextDecoder("{label}").decode(bytes), refused];"""
    assert answer(scripts, body) == [text, "TypeError"]


def test_a_long_text_comes_in_pieces(scripts: Scripts) -> None:
    body = """
    const bytes = new Uint8Array(200_001).fill(0x41);
    for (let at = 1; at < bytes.length; at += 2) { bytes[at] = 0x93; bytes[at + 1] = 0xfa; }
    const text = new TextDecoder("shift_jis").decode(bytes);
    return [text.length, text.at(0), text.at(-1), text.includes("\\ufffd")];"""
    assert answer(scripts, body) == [100_001, "A", "日", False]


def test_an_unknown_label_is_named(scripts: Scripts) -> None:
    body = 'try { new TextDecoder("klingon"); } catch (error) { return `${error}`; }'
    assert answer(scripts, body).startswith('RangeError: There is no decoder for "klingon"')
