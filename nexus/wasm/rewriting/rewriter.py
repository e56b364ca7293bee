"""Assembles a metered module from a guest's module (facts 4, 5, 10, 11 and 23).

Sections are read in the order of the specification, and checked as far as the rewrite needs;
engines find remaining type errors when they compile. Custom sections are dropped, the name section
too: function indices have moved, and engines do not need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from nexus.errors import InvalidModule
from nexus.model import Export, Import, ModuleInfo, MutableGlobal
from nexus.wasm.format import sections
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.limits import Limits, RewriteLimits
from nexus.wasm.format.name_section import find_functions
from nexus.wasm.format.names import (
    DEPTH_EXPORT,
    FUEL_EXPORT,
    FUNCTION_PREFIX,
    GLOBAL_PREFIX,
    MEMORY_EXPORT,
    TABLE_ENTRANCE,
)
from nexus.wasm.format.reader import Reader
from nexus.wasm.format.types import NUMBER_TYPES, VALUE_TYPES
from nexus.wasm.metering.body import BodyRewriter
from nexus.wasm.metering.call_graph import MAX_CHAIN
from nexus.wasm.metering.code import rewrite_code
from nexus.wasm.metering.meter import Meter
from nexus.wasm.rewriting.declarations import (
    encode_globals,
    read_globals,
    rewrite_functions,
    rewrite_imports,
    rewrite_memories,
    rewrite_tables,
    rewrite_types,
    with_memory,
)
from nexus.wasm.rewriting.exports import (
    FUNCTION,
    GLOBAL,
    MEMORY,
    encode_export,
    rewrite_exports,
    rewrite_start,
)
from nexus.wasm.rewriting.segments import check_data, rewrite_elements

SAVED_BYTES = 72
"""Part of a frame for the return address and the registers a function may save"""
ARGUMENT_BYTES = 16
"""Part of a frame for each parameter and result that may lie on the stack"""

_EXTENDED = (
    sections.TYPE,
    sections.IMPORT,
    sections.FUNCTION,
    sections.GLOBAL,
    sections.EXPORT,
    sections.CUSTOM,
    sections.CODE,
)
"""Sections with additions of ours, which exist in every output"""

_BEFORE_CODE = sections.ORDER.index(sections.CODE)
_ORDER = (
    *sections.ORDER[:_BEFORE_CODE],
    sections.CUSTOM,  # the hints; the guest's custom sections are dropped
    *sections.ORDER[_BEFORE_CODE:],
)

T = TypeVar("T")


def rewrite(
    wasm: bytes,
    limits: RewriteLimits,
    functions: Sequence[str] = (),
    check: Callable[[Sequence[Import], Sequence[Export]], object] | None = None,
    *,
    table: bool = False,
    in_place: bool = False,
    import_memory: bool = False,
) -> tuple[bytes, ModuleInfo]:
    """Meter *wasm*, clamp its maximum sizes, and export the state that a reset restores.

    Returns the new binary, and the facts about the module as the guest declared it. *functions*
    are exported too, by their names in its name section; *table* exports a function that calls
    those of table 0 (`TABLE_ENTRANCE`). *check* gets the module's imports and exports before any
    code is read, and may raise. *in_place* suits Cranelift (`Meter`), and changes no charge. With
    *import_memory* the host provides the module's memory (`MEMORY`), and may use it again for
    another instance; not if code has `memory.fill`, which ends the process in wasmer 1.1 with LLVM
    if the memory is imported.

    Raises: InvalidModule if it is malformed, uses what Nexus refuses, or lacks one of *functions*
            or the table.
    """
    rewriting = _Rewrite(bytes(wasm), limits, functions, table, in_place, import_memory)
    rewriting.declare()
    if check is not None and rewriting.has_code():
        check(rewriting.imports, rewriting.exports)
    return rewriting.run()


class _Rewrite:
    """One module during the rewrite; the methods run in the order of the sections."""

    def __init__(
        self,
        wasm: bytes,
        limits: RewriteLimits,
        functions: Sequence[str],
        table: bool,
        in_place: bool,
        import_memory: bool,
    ) -> None:
        self.wasm, self.limits, self.table, self.in_place = wasm, limits, table, in_place
        self.import_memory = import_memory
        self.named = find_functions(wasm, functions)
        self.found = {section.id: section for section in sections.split(wasm)}
        self.layout = Layout(host_entered=tuple(self.named.values()))
        self.payloads: dict[int, bytes] = {}
        """new payloads by section id"""

    def declare(self) -> None:
        self._declarations()
        self._exports()

    def has_code(self) -> bool:
        """Return whether the module goes on to its code: what was cut off before lacks exports."""
        defined = self.layout.functions - self.layout.imported_functions
        return sections.CODE in self.found or not defined

    def run(self) -> tuple[bytes, ModuleInfo]:
        if sections.START in self.found:
            self._rewrite(sections.START, rewrite_start)
        self._rewrite(sections.ELEMENT, rewrite_elements)
        self._code()
        self._data()
        return self._join(), self._info()

    # ---- one section -------------------------------------------------------------------------

    def _read(self, section: int, read: Callable[[Reader, Layout], T]) -> T:
        """Apply *read* to a section, or to an empty vector where the section is missing."""
        reader = self._reader(section)
        result = read(reader, self.layout)
        reader.finish()
        return result

    def _rewrite(self, section: int, rewritten: Callable[[Reader, Layout], bytes]) -> None:
        self.payloads[section] = self._read(section, rewritten)

    def _reader(self, section: int) -> Reader:
        what = sections.NAMES[section]
        if section not in self.found:
            return Reader(b"\0", 0, 1, what)
        _, _, payload, end = self.found[section]
        return Reader(self.wasm, payload, end, what)

    # ---- all sections ------------------------------------------------------------------------

    def _declarations(self) -> None:
        limits, payloads = self.limits, self.payloads
        table = self.table
        self._rewrite(
            sections.TYPE, lambda reader, layout: rewrite_types(reader, layout, table=table)
        )
        payloads[sections.IMPORT], self.imports = self._read(sections.IMPORT, rewrite_imports)
        ours = 2 if sections.START in self.found else 1
        self._rewrite(
            sections.FUNCTION,
            lambda reader, layout: rewrite_functions(reader, layout, ours, table=table),
        )
        self._rewrite(sections.TABLE, lambda reader, layout: rewrite_tables(reader, layout, limits))
        if table and not self.layout.tables:
            raise InvalidModule("no table, though the host must call its functions", len(self.wasm))
        payloads[sections.MEMORY], self.memory = self._read(
            sections.MEMORY, lambda reader, layout: rewrite_memories(reader, layout, limits)
        )
        self.guests_globals, self.globals = self._read(sections.GLOBAL, read_globals)

    def _exports(self) -> None:
        self.mutable_globals = tuple(
            MutableGlobal(f"{GLOBAL_PREFIX}{index}", NUMBER_TYPES[found.type])
            for index, found in enumerate(self.globals)
            if found.mutable and found.type in NUMBER_TYPES
        )
        added = [
            encode_export(FUEL_EXPORT, GLOBAL, self.layout.fuel),
            encode_export(DEPTH_EXPORT, GLOBAL, self.layout.depth),
        ]
        if self.memory is not None:
            added.append(encode_export(MEMORY_EXPORT, MEMORY, 0))
        for found in self.mutable_globals:
            index = int(found.export.removeprefix(GLOBAL_PREFIX))
            added.append(encode_export(found.export, GLOBAL, index))
        has_start = sections.START in self.found
        first = self.layout.host_entrances + has_start + self.table
        for index, name in enumerate(self.named, first):
            added.append(encode_export(FUNCTION_PREFIX + name, FUNCTION, index))
        if self.table:
            index = self.layout.table_entrance + has_start
            added.append(encode_export(TABLE_ENTRANCE, FUNCTION, index))
        self.payloads[sections.EXPORT], self.exports = self._read(
            sections.EXPORT, lambda reader, layout: rewrite_exports(reader, layout, added)
        )

    def _code(self) -> None:
        layout = self.layout
        meter = Meter(layout, in_place=self.in_place)
        bodies = BodyRewriter(self.wasm, layout, meter, self.limits)
        self.payloads[sections.CODE], self.payloads[sections.CUSTOM] = self._read(
            sections.CODE, lambda reader, _: rewrite_code(reader, bodies, meter, table=self.table)
        )
        if self.import_memory and self.memory is not None and not bodies.fills_memory:
            imports = self.payloads[sections.IMPORT]
            self.payloads[sections.IMPORT] = with_memory(imports, self.memory)
            self.payloads[sections.MEMORY] = b"\0"
        ours = meter.spills.declarations()
        self.payloads[sections.GLOBAL] = encode_globals(layout, self.guests_globals, ours)
        self.reset_blocker = self._global_blocker() or bodies.reset_blocker

    def _data(self) -> None:
        """Check the data sections, which are not changed."""
        declared = None
        if sections.DATA_COUNT in self.found:
            declared = self._read(sections.DATA_COUNT, lambda reader, _: reader.u32())
        self._read(sections.DATA, lambda reader, layout: check_data(reader, layout, declared))
        for section in (sections.DATA_COUNT, sections.DATA):
            if section in self.found:
                _, _, payload, end = self.found[section]
                self.payloads[section] = self.wasm[payload:end]

    def _global_blocker(self) -> str | None:
        for index, found in enumerate(self.globals):
            if found.mutable and found.type not in NUMBER_TYPES:
                kind = VALUE_TYPES[found.type]
                return f"global {index} is a mutable {kind}, which a reset cannot restore"
        return None

    # ---- results -----------------------------------------------------------------------------

    def _join(self) -> bytes:
        return sections.join(
            sections.encode(section, self.payloads[section])
            for section in _ORDER
            if section in self.payloads and (section in _EXTENDED or section in self.found)
        )

    def _info(self) -> ModuleInfo:
        memory = self.memory or Limits(0, 0)
        return ModuleInfo(
            imports=self.imports,
            exports=self.exports,
            memory_min_pages=memory.minimum,
            memory_max_pages=memory.maximum or 0,
            has_memory=self.memory is not None,
            mutable_globals=self.mutable_globals,
            reset_blocker=self.reset_blocker,
            has_start=sections.START in self.found,
            functions=self.layout.functions - self.layout.imported_functions,
            frame_bytes=SAVED_BYTES + ARGUMENT_BYTES * self.layout.largest_arity,
            # An entrance of ours, and a function that calls nothing, which may go unchecked.
            uncounted_frames=MAX_CHAIN + 2,
        )
