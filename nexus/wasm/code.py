"""The code section (core specification, 5.5.13): bodies are metered, then those that recur are
made to count their depth."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.model import FuncType
from nexus.wasm.body import Body, BodyRewriter
from nexus.wasm.call_graph import counted_functions
from nexus.wasm.layout import Layout
from nexus.wasm.leb128 import encode_signed, encode_unsigned
from nexus.wasm.meter import Meter
from nexus.wasm.reader import Reader
from nexus.wasm.types import EMPTY_BLOCK, encode_types

_BLOCK, _END = b"\x02", b"\x0b"


def rewrite_code(reader: Reader, bodies: BodyRewriter, meter: Meter) -> bytes:
    """Meter all bodies and append ours.

    Raises: InvalidModule if a body is malformed or uses what Nexus refuses, or if there are not
    as many bodies as functions.
    """
    metered = _read_bodies(reader, bodies)
    layout = bodies.layout
    counted = counted_functions([body.calls for body in metered], _targets(layout, metered))
    out = [encode_unsigned(len(metered) + 1)]
    for place, (declared, code, cost, _) in enumerate(metered):
        if place in counted:
            results = layout.signature(layout.imported_functions + place).results
            code = _counting(code, cost, meter, _block_type(results, layout))
        else:
            code = meter.check(cost) + code
        out += (encode_unsigned(len(declared) + len(code)), declared, code)
    refill = meter.refill_body()
    out += (encode_unsigned(len(refill)), refill)
    return b"".join(out)


def _read_bodies(reader: Reader, bodies: BodyRewriter) -> list[Body]:
    at, layout = reader.pos, bodies.layout
    count, expected = reader.u32(), layout.functions - layout.imported_functions
    if count != expected:
        raise InvalidModule(f"{count} function bodies for {expected} functions", at)
    found = []
    for function in range(layout.imported_functions, layout.functions):
        size = reader.u32()
        start = reader.pos
        reader.skip(size)
        found.append(bodies.rewrite(start, reader.pos, function))
    return found


def _targets(layout: Layout, bodies: list[Body]) -> list[list[int]]:
    """Give what an indirect call of each type may reach, and let calls go by the first of equal
    types."""
    first: dict[FuncType, int] = {}
    same = [first.setdefault(t, place) for place, t in enumerate(layout.types)]
    for body in bodies:
        body.calls.types = {same[place] for place in body.calls.types}
    targets: list[list[int]] = [[] for _ in layout.types]
    for function in layout.referenced:
        if function >= layout.imported_functions:
            place = same[layout.function_types[function]]
            targets[place].append(function - layout.imported_functions)
    return targets


def _counting(code: bytes, cost: int, meter: Meter, block_type: bytes) -> bytes:
    """Put *code* into a block between taking depth and giving it back.

    What branched to the end of the function now branches to the end of the block.
    """
    return b"".join((meter.enter(cost), _BLOCK, block_type, code, meter.leave, _END))


def _block_type(results: tuple[str, ...], layout: Layout) -> bytes:
    if not results:
        return bytes((EMPTY_BLOCK,))
    if len(results) == 1:
        return encode_types(results)
    return encode_signed(layout.result_types[results])
