"""The code section (core specification, 5.5.13): reads all bodies, then writes them."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.model import FuncType
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.reader import Reader
from nexus.wasm.metering.body import BodyRewriter
from nexus.wasm.metering.call_graph import analyse
from nexus.wasm.metering.draft import Draft
from nexus.wasm.metering.entries import Entries
from nexus.wasm.metering.hints import hint_section
from nexus.wasm.metering.inlining import MOST_UNFOLDED, unfold
from nexus.wasm.metering.meter import Meter


def rewrite_code(
    reader: Reader, bodies: BodyRewriter, meter: Meter, *, table: bool = False
) -> tuple[bytes, bytes]:
    """Meter all bodies and append ours; *table*: also the one that calls functions of table 0.

    Returns the code section, and the custom section that goes before it.

    Raises: InvalidModule if a body is malformed or uses what Nexus refuses, or if there are not
    as many bodies as functions.
    """
    layout = bodies.layout
    drafts = _read_bodies(reader, bodies)
    targets = _targets(layout, drafts)  # first, as it also changes the types of calls
    graph = analyse([draft.calls for draft in drafts], targets)
    entered = {function - layout.imported_functions for function in layout.entered}
    entries = Entries(drafts, graph, entered, meter)
    out = _write_bodies(len(drafts), entries, layout)
    out.append(meter.refill_body())
    if layout.start is not None:
        out.append(meter.start_body(layout.start))
    if table:
        out.append(meter.table_body(layout.entered_type))
    for index in layout.host_entered:
        parameters = len(layout.signature(index).params)
        out.append(meter.host_body(layout.renumbered(index, 0), parameters))
    parts = [encode_unsigned(len(out))]
    for body in out:
        parts += (encode_unsigned(len(body)), body)
    return b"".join(parts), hint_section(out, layout.imported_functions + 1)


def _read_bodies(reader: Reader, bodies: BodyRewriter) -> list[Draft]:
    at, layout = reader.pos, bodies.layout
    count, expected = reader.u32(), layout.functions - layout.imported_functions
    if count != expected:
        raise InvalidModule(f"{count} function bodies for {expected} functions", at)
    found = []
    for function in range(layout.imported_functions, layout.functions):
        size = reader.u32()
        start = reader.pos
        reader.skip(size)
        found.append(bodies.read(start, reader.pos, function))
    return found


def _targets(layout: Layout, drafts: list[Draft]) -> list[list[int]]:
    """Return the functions that an indirect call of each type may reach; make calls use the first
    of equal types."""
    first: dict[FuncType, int] = {}
    same = [first.setdefault(t, place) for place, t in enumerate(layout.types)]
    for draft in drafts:
        draft.sites = [
            site._replace(target=same[site.target]) if site.indirect else site
            for site in draft.sites
        ]
    targets: list[list[int]] = [[] for _ in layout.types]
    for function in layout.referenced:
        if function >= layout.imported_functions:
            place = same[layout.function_types[function]]
            targets[place].append(function - layout.imported_functions)
    return targets


def _write_bodies(count: int, entries: Entries, layout: Layout) -> list[bytes]:
    found, room = [], MOST_UNFOLDED
    for place in range(count):
        body, function = entries.body(place), layout.imported_functions + place
        if room > 0 and entries.calls_itself(place):
            body = unfold(body, layout.renumbered(function, 0), layout.signature(function))
            room -= len(body)
        found.append(body)
    return found
