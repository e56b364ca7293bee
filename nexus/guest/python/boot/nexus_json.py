"""JSON as `json.dumps` and `json.loads` read and write it, without what they do anew each time."""

import json
from json.encoder import c_make_encoder, encode_basestring_ascii

_RAW = json.JSONDecoder().scan_once


def encoder(allow_nan):
    """Return a function that makes JSON of a value; `json.dumps` would make an encoder each
    time."""
    marks = {}
    make = c_make_encoder(
        *(marks, json.JSONEncoder().default, encode_basestring_ascii),
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
