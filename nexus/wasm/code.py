"""The code section, body by body (core specification, 5.5.13)."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.wasm.body import BodyRewriter
from nexus.wasm.leb128 import encode_unsigned
from nexus.wasm.reader import Reader


def rewrite_code(reader: Reader, bodies: BodyRewriter, refill_body: bytes) -> bytes:
    """Meter all bodies and append *refill_body*.

    Raises: InvalidModule if a body is malformed or uses what Nexus refuses, or if there are not
    as many bodies as functions.
    """
    at, layout = reader.pos, bodies.layout
    count, expected = reader.u32(), layout.functions - layout.imported_functions
    if count != expected:
        raise InvalidModule(f"{count} function bodies for {expected} functions", at)
    out = [encode_unsigned(count + 1)]
    for function in range(layout.imported_functions, layout.functions):
        size = reader.u32()
        start = reader.pos
        reader.skip(size)
        body = bodies.rewrite(start, reader.pos, function)
        out.append(encode_unsigned(len(body)))
        out.append(body)
    out.append(encode_unsigned(len(refill_body)))
    out.append(refill_body)
    return b"".join(out)
