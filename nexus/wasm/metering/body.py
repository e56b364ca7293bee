"""Reads one function body at a time (core specification, 5.4 and 5.5.13 "Code Section").

One pass from front to back: `_instructions` handles the commonest instructions in place and passes
the others to a method each. `charges.py` explains where code is charged, and why that suffices. The
check of a loop is in its body, where a branch back reaches it; it takes nothing from the stack, so
the loop's parameters may lie there. The result is a draft: some of the code to insert depends on
what functions call, so on all functions (`entries.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nexus.errors import InvalidModule
from nexus.wasm.format.immediates import (
    skip_block_type,
    skip_index,
    skip_memarg,
    skip_memory_index,
    skip_reference_type,
    skip_simd,
    skip_value_types,
)
from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_unsigned, read_signed, read_u32, skip_signed
from nexus.wasm.format.limits import RewriteLimits
from nexus.wasm.format.misc import LAST_CONVERSION, MISC
from nexus.wasm.format.opcodes import KINDS, Kind, refused_misc, refused_opcode
from nexus.wasm.format.reader import Reader
from nexus.wasm.format.types import EMPTY_BLOCK, VALUE_TYPES, read_value_type
from nexus.wasm.metering.bulk import LENGTH_SHIFTS
from nexus.wasm.metering.charges import CHECK, Charges
from nexus.wasm.metering.control import BLOCK, LOOP, TARGET, Control
from nexus.wasm.metering.costs import (
    CALL,
    CALL_INDIRECT,
    COSTS,
    ENTRY,
    HOST_CALL,
    LONG,
    PAGE_SHIFT,
    values_cost,
)
from nexus.wasm.metering.draft import EXTRA_LOCALS, I32, I64, CallSite, Draft
from nexus.wasm.metering.innermost import InnermostLoop
from nexus.wasm.metering.meter import Meter
from nexus.wasm.metering.patch import Patch
from nexus.wasm.metering.spills import Accesses

MAX_LOCALS = 50_000
"""Limit for one function, parameters included; engines accept no more"""

_LOCAL, _PLAIN, _MEMARG, _I32 = map(int, (Kind.LOCAL, Kind.PLAIN, Kind.MEMARG, Kind.I32))
_FIRST_CONTROL = int(Kind.BLOCK)
_END = b"\x0b"
_BR_IF = 0x0D


class BodyRewriter:
    """Reads the function bodies of one module in order.

    `reset_blocker` describes the first instruction that a reset could not undo; `fills_memory`
    says whether there was a `memory.fill`.
    """

    def __init__(self, data: bytes, layout: Layout, meter: Meter, limits: RewriteLimits) -> None:
        self.layout = layout
        self.reset_blocker: str | None = None
        self.fills_memory = False
        self._data, self._meter, self._limits = data, meter, limits
        handlers: dict[Kind, Callable[[int], int]] = {
            Kind.I64: lambda pos: skip_signed(data, pos + 1, 64),
            Kind.F32: lambda pos: pos + 5,
            Kind.F64: lambda pos: pos + 9,
            Kind.BLOCK: self._block,
            Kind.LOOP: self._loop,
            Kind.IF: self._if,
            Kind.ELSE: self._else,
            Kind.END: self._end,
            Kind.BR: self._br,
            Kind.BR_IF: self._br_if,
            Kind.BR_TABLE: self._br_table,
            Kind.RETURN: self._return,
            Kind.CALL: self._call,
            Kind.CALL_INDIRECT: self._call_indirect,
            Kind.SELECT_TYPED: lambda pos: skip_value_types(data, pos + 1),
            # Unchecked, the index one past the last would refer to our fuel.
            Kind.GLOBAL: lambda pos: skip_index(data, pos + 1, layout.globals, "global"),
            Kind.TABLE_GET: lambda pos: read_u32(data, pos + 1)[1],
            Kind.TABLE_SET: self._table_set,
            Kind.MEMORY_SIZE: lambda pos: skip_memory_index(data, pos + 1),
            Kind.MEMORY_GROW: self._memory_grow,
            Kind.REF_NULL: lambda pos: skip_reference_type(data, pos + 1),
            Kind.REF_FUNC: self._ref_func,
            Kind.MISC: self._misc,
            Kind.SIMD: lambda pos: skip_simd(data, pos + 1),
        }
        self._handlers = [handlers.get(kind, self._refused) for kind in Kind]

    def read(self, start: int, end: int, function: int) -> Draft:
        """Read the body of the guest's function *function*, which is `data[start:end]`.

        Raises: InvalidModule if it is malformed or uses what Nexus refuses.
        """
        reader = Reader(self._data, start, end, "function body")
        runs, first = reader.u32(), reader.pos
        params = self.layout.signature(function).params
        self._types = self._read_locals(reader, runs, params)
        self._locals = len(self._types)
        self._patch = Patch(self._data, reader.pos)
        self._charges = Charges(self._patch)
        declared = self._data[first : reader.pos]
        self._draft = Draft(self._patch, self._charges, runs, declared, self._locals, end)
        self._draft.params = tuple(enumerate(params))
        self._accesses = Accesses(self._data)
        self._innermost = InnermostLoop(self._data, self._draft)
        self._scan(reader.pos, end, len(self.layout.signature(function).results))
        return self._draft

    def _read_locals(self, reader: Reader, runs: int, params: Sequence[str]) -> list[str]:
        at, types, count = reader.pos, list(params), len(params)
        most = MAX_LOCALS - EXTRA_LOCALS
        for _ in range(runs):
            more = reader.u32()
            count += more
            type_ = read_value_type(reader)
            if count <= most:
                types += [type_] * more
        if count > most:
            raise InvalidModule(f"a function has {count} locals; the limit is {most}", at)
        return types

    # ---- the pass ----------------------------------------------------------------------------

    def _scan(self, pos: int, end: int, results: int) -> None:
        self._control = Control()
        self._tail = _END
        """code behind the `end` of the loop that ends next"""
        self._ahead = 0
        """the slot ahead of the outermost loop"""
        self._loop_starts: list[tuple[int, int]] = []
        """for each loop, its segment and the number of calls before it"""
        self._charges.begin(pos, CHECK)
        self._charges.add(values_cost(results))
        try:
            pos = self._instructions(pos, end)
        except IndexError:  # an instruction ran past the end of the module
            pos = end + 1
        if pos > end:
            raise InvalidModule("a function body ends inside an instruction", end)
        if self._control.frames:
            raise InvalidModule("a function body ends inside a block", end)
        if pos < end:
            raise InvalidModule("a function body has bytes left over", pos)

    def _instructions(self, pos: int, end: int) -> int:
        data, kinds, costs, handlers = self._data, KINDS, COSTS, self._handlers
        charges, frames = self._charges, self._control.frames
        accessed = self._accesses.found.append
        short_locals = min(self._locals, 0x80)
        cost = ENTRY
        while pos < end:
            opcode = data[pos]
            kind = kinds[opcode]
            cost += costs[opcode]
            if kind == _LOCAL:
                accessed(pos)
                if data[pos + 1] < short_locals:
                    pos += 2
                else:
                    pos = skip_index(data, pos + 1, self._locals, "local")
            elif kind == _PLAIN:
                pos += 1
            elif kind == _MEMARG:
                if data[pos + 1] < 0x40 and data[pos + 2] < 0x80:
                    pos += 3
                else:
                    pos = skip_memarg(data, pos + 1)
            elif kind == _I32:
                pos = pos + 2 if data[pos + 1] < 0x80 else skip_signed(data, pos + 1, 32)
            elif kind < _FIRST_CONTROL:
                pos = handlers[kind](pos)
            else:
                charges.add(cost)
                cost = 0
                pos = handlers[kind](pos)
                if not frames:
                    break
        return pos

    # ---- control -----------------------------------------------------------------------------

    def _block(self, pos: int) -> int:
        end = skip_block_type(self._data, pos + 1, len(self.layout.types))
        self._charges.add(self._values(pos))
        self._open(BLOCK, pos)
        return end

    def _loop(self, pos: int) -> int:
        charges, control = self._charges, self._control
        if not control.loops:
            charges.left = self._draft.local(I64, "left")
            self._ahead = self._patch.slot(pos)
            self._patch.insert(pos, self._meter.take_left(charges.left))
        self._open(LOOP, pos)
        head = skip_block_type(self._data, pos + 1, len(self.layout.types))
        control.checked = charges.total
        charges.begin_loop(head, self._data[pos + 1 : head])
        charges.add(self._values(pos))  # each round
        self._accesses.begin_loop()
        self._loop_starts.append((charges.current, len(self._draft.sites)))
        if self._data[pos + 1] == EMPTY_BLOCK:
            self._innermost.begin(head)
        else:
            self._innermost.drop()
        return head

    def _if(self, pos: int) -> int:
        arm = skip_block_type(self._data, pos + 1, len(self.layout.types))
        self._charges.add(self._values(pos))
        self._open(BLOCK, pos)
        self._charges.begin(arm, self._charges.current)
        return arm

    def _else(self, pos: int) -> int:
        frame = self._control.frames[-1]
        self._control.checked = frame.checked
        self._charges.begin(pos + 1, frame.segment)
        return pos + 1

    def _values(self, pos: int) -> int:
        """Return the cost of passing values into and out of the block at *pos*, once."""
        byte = self._data[pos + 1]
        if byte == EMPTY_BLOCK or byte in VALUE_TYPES:
            return 0
        type_ = self.layout.types[read_signed(self._data, pos + 1, 33)[0]]
        return values_cost(len(type_.params) + len(type_.results))

    def _open(self, kind: int, pos: int) -> None:
        bare = self._data[pos + 1] == EMPTY_BLOCK
        self._control.open(kind, bare=bare, segment=self._charges.current)

    def _end(self, pos: int) -> int:
        charges, control = self._charges, self._control
        frame = control.close()
        if frame.kind == LOOP and control.frames:
            self._innermost.drop()
            loop, sites = self._loop_starts.pop()
            read = self._accesses.end_loop()
            if len(self._draft.sites) > sites:
                charges.has_calls(loop)
            else:
                charges.keeps(loop, [(local, self._types[local]) for local in read])
            self._patch.insert(pos + 1, self._tail)
            self._tail = _END
            if not control.loops:
                charges.left = None
        if frame.kind == TARGET:
            charges.begin(pos + 1, frame.segment)
        else:
            charges.current = frame.segment
        return pos + 1

    def _br(self, pos: int) -> int:
        return self._branch(pos)

    def _br_if(self, pos: int) -> int:
        label, end = read_u32(self._data, pos + 1)
        innermost = self._control.frames[-1].kind
        if label == 0 and self._data[end] == _END[0] and innermost == LOOP:
            self._tail = self._innermost.count(pos) or self._tail
        self._branch(pos)
        self._charges.begin(end, self._charges.current)
        return end

    def _br_table(self, pos: int) -> int:
        self._innermost.drop()
        count, at = read_u32(self._data, pos + 1)
        for _ in range(count + 1):
            start = at
            _, label, at = self._control.label(self._data, start)
            if label:
                self._patch.replace(start, at, encode_unsigned(label))
        return at

    def _return(self, pos: int) -> int:
        if self._innermost.may_count:
            self._innermost.leave(self._patch.slot(pos, pos + 1), None, conditional=False)
        return pos + 1

    def _branch(self, pos: int) -> int:
        """Read a `br` or `br_if`, and keep its target."""
        frame, label, end = self._control.label(self._data, pos + 1)
        if label:
            slot = self._patch.slot(pos, end)
            self._patch.fill(slot, self._data[pos : pos + 1] + encode_unsigned(label))
            conditional = self._data[pos] == _BR_IF
            self._innermost.leave(slot, label, conditional=conditional)
            if conditional and not frame.bare:
                self._innermost.drop()
        elif frame.kind == LOOP:
            self._innermost.drop()  # repeats the loop, or leaves the function
        return end

    # ---- functions ---------------------------------------------------------------------------

    def _call(self, pos: int) -> int:
        self._innermost.drop()
        index, end = read_u32(self._data, pos + 1)
        imported = self.layout.imported_functions
        if index < imported:
            self._charges.add(HOST_CALL)
            if self._charges.left is not None:  # a host ends the guest by taking the fuel away
                self._patch.insert(end, self._meter.take_left(self._charges.left))
            return end
        self._charges.add(CALL)
        before = self._patch.slot(pos)
        self._patch.replace(pos + 1, end, self.layout.encoded(index, pos + 1))
        self._called(before, end, index - imported, False)
        return end

    def _call_indirect(self, pos: int) -> int:
        self._innermost.drop()
        self._charges.add(CALL_INDIRECT)
        table = skip_index(self._data, pos + 1, len(self.layout.types), "type")
        type_ = read_u32(self._data, pos + 1)[0]
        end = read_u32(self._data, table)[1]
        self._called(self._patch.slot(pos), end, type_, True)
        return end

    def _called(self, before: int, end: int, target: int, indirect: bool) -> None:
        charges = self._charges
        self._draft.sites.append(
            CallSite(
                before,
                self._patch.slot(end),
                target,
                indirect,
                charges.current,
                self._control.frames[-1].number,
                charges.left,
                self._ahead if self._control.loops else None,
            )
        )
        if charges.total - self._control.checked > LONG:
            self._control.checked = charges.total
            charges.begin(end, CHECK)

    def _ref_func(self, pos: int) -> int:
        index, end = read_u32(self._data, pos + 1)
        self._patch.replace(pos + 1, end, self.layout.reference(index, pos + 1))
        return end

    # ---- instructions with a length, and those a reset cannot undo ----------------------------

    def _memory_grow(self, pos: int) -> int:
        self._check_length(pos, PAGE_SHIFT, self._limits.memory_pages)
        return skip_memory_index(self._data, pos + 1)

    def _table_set(self, pos: int) -> int:
        self._block_reset("changes a table", "table.set")
        return read_u32(self._data, pos + 1)[1]

    def _misc(self, pos: int) -> int:
        sub, at = read_u32(self._data, pos + 1)
        if sub <= LAST_CONVERSION:
            return at
        if sub not in MISC:
            raise refused_misc(sub, pos)
        instruction = MISC[sub]
        self.fills_memory |= instruction.fills_memory
        if instruction.blocks_reset is not None:
            self._block_reset(instruction.blocks_reset, instruction.name)
        if (shift := LENGTH_SHIFTS.get(sub)) is not None:
            cap = self._limits.table_elements if instruction.grows_table else None
            self._check_length(pos, shift, cap)
        for _ in range(instruction.indices):
            at = read_u32(self._data, at)[1]
        for _ in range(instruction.memories):
            at = skip_memory_index(self._data, at)
        return at

    def _check_length(self, pos: int, shift: int, cap: int | None) -> None:
        self._innermost.drop()
        local, left = self._draft.local(I32, "length"), self._charges.left
        self._patch.insert(pos, self._meter.check_length(local, shift, cap, left))

    def _block_reset(self, what: str, instruction: str) -> None:
        if self.reset_blocker is None:
            self.reset_blocker = f"it {what} ({instruction}), which a reset cannot undo"

    def _refused(self, pos: int) -> int:
        raise refused_opcode(self._data[pos], pos)
