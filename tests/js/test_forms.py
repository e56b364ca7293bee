"""What FormData writes as multipart/form-data it reads back, whatever names and values hold."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .quickjs import QuickJS

Entry: TypeAlias = "tuple[str, str] | tuple[str, str, str]"
"""name and text; of a file name, content and file name"""

# Much of what a header gives a meaning to, in all orders, beside any text there is.
_PIECES = st.lists(st.sampled_from([*'\\";=:%*\r\n\t ab', "filename", "--", "%5C", "é", "€"]))
_TEXTS = _PIECES.map("".join) | st.text(st.characters())
_ENTRIES = st.tuples(_TEXTS, _TEXTS) | st.tuples(_TEXTS, _TEXTS, _TEXTS)


def units(text: str) -> list[int]:
    """UTF-16 code units, as JavaScript counts."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [encoded[i] | encoded[i + 1] << 8 for i in range(0, len(encoded), 2)]


def scalars(text: str) -> str:
    """*text* with each lone surrogate as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def with_breaks(text: str) -> str:
    """*text* with every line break as CRLF."""
    return re.sub(r"\r\n?|\n", "\r\n", text)


def as_name(text: str) -> str:
    """*text* as a form has it: the standard tells a quote from its escape nowhere."""
    for code, character in (("%0A", "\n"), ("%0D", "\r"), ("%22", '"')):
        text = re.sub(code, character, text, flags=re.IGNORECASE)
    return text


def expected(entry: Entry) -> list[object]:
    name, content, *filename = map(scalars, entry)
    found: list[object] = [units(as_name(with_breaks(name)))]
    if not filename:
        return [*found, units(with_breaks(content))]
    return [*found, content.encode().hex(), units(as_name(filename[0]))]


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(_ENTRIES, max_size=4), min_size=1, max_size=20))
@example([[("back\\", "x"), ("a\\\\b", "x"), ("note; filename=evil", "x"), ('"', "x")]])
@example([[("a", "\ufeffx"), ("\ufeffa", "x", "\ufeff\\"), ('x\\"; y', "", "C:\\a\\"), ("", "")]])
@example([[("a", "", 'x\\"; name="b')], []])
def test_what_is_written_is_read_back(quickjs: QuickJS, forms: list[list[Entry]]) -> None:
    given_forms = [[list(map(units, entry)) for entry in form] for form in forms]
    (quickjs.root / "forms.json").write_text(json.dumps(given_forms))
    found = json.loads(quickjs.run("/guest/form_round_trip.js", "/forms.json"))
    assert found == [[expected(entry) for entry in form] for form in forms]
