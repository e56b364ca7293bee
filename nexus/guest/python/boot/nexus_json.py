"""JSON as `json.dumps` and `json.loads` read and write it, without what they do anew each time.

Values that people put into answers become JSON, too: dates and times (in ISO 8601), decimals and
UUIDs (as text), and dataclasses.
"""

import json
import sys
from json.encoder import c_make_encoder, encode_basestring_ascii

_RAW = json.JSONDecoder().scan_once


_AS_TEXT = {"datetime": ("date", "time"), "decimal": ("Decimal",), "uuid": ("UUID",)}
"""Maps a module to those of its types that `str`, or `isoformat` where there is one, writes"""


def _plain(value):
    """Return what JSON has in place of *value*. Raises: TypeError."""
    for name, kinds in _AS_TEXT.items():
        module = sys.modules.get(name)  # without its module, *value* is of none of its types
        if module is not None and isinstance(value, tuple(getattr(module, kind) for kind in kinds)):
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return sys.modules["dataclasses"].asdict(value)
    return json.JSONEncoder().default(value)


def encoder(allow_nan):
    """Return a function that makes JSON of a value; `json.dumps` would make an encoder each
    time."""
    marks = {}
    make = c_make_encoder(
        *(marks, _plain, encode_basestring_ascii),
        *(None, ": ", ", ", False, False, allow_nan),
    )

    def encode(value):
        try:
            return "".join(make(value, 0))
        except BaseException:
            marks.clear()  # of values being written when it failed
            raise

    return encode


encode = encoder(False)
dumps = encoder(True)


def head(answer):
    """Return the first line of an answer: status, reason and headers with NULs between, since JSON
    takes three times as long; JSON for what that cannot hold."""
    status = answer.get("status")
    if type(status) is int and 100 <= status <= 999:
        try:
            parts = [str(status), answer.get("reason", "")]
            for name, value in answer["headers"]:
                parts += name, value
            text = "\0".join(parts)
            if text.count("\0") == len(parts) - 1 and "\n" not in text:
                return text.encode()
        except (TypeError, ValueError):
            pass
    return encode(answer).encode()


def loads(content):
    """Return the value of JSON in bytes."""
    # Only UTF-8 without space in front goes the short way; the rest, and errors, the long one.
    if type(content) is bytes:
        try:
            text = content.decode()
            value, end = _RAW(text, 0)
            if end == len(text):
                return value
        except (StopIteration, ValueError):
            pass
    return json.loads(content)
