"""Meters one function body at a time (core specification, 5.4 and 5.5.13 "Code Section").

One pass from front to back: `_instructions` tests the commonest instructions in place and hands
the others to a method each. Where code is charged, and why that suffices, `charges.py` tells.
The check of a loop stands in its body, where a branch back meets it; it takes nothing from the
stack, so the parameters of the loop may lie there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nexus.errors import InvalidModule
from nexus.wasm.bulk import LAST_CONVERSION, MISC
from nexus.wasm.call_graph import Calls
from nexus.wasm.charges import CHECK, Charges
from nexus.wasm.costs import CALL, CALL_INDIRECT, COSTS, ENTRY, HOST_CALL, PAGE_SHIFT
from nexus.wasm.immediates import (
    skip_block_type,
    skip_index,
    skip_memarg,
    skip_memory_index,
    skip_reference_type,
    skip_simd,
    skip_value_types,
)
from nexus.wasm.layout import Layout
from nexus.wasm.leb128 import encode_unsigned, read_u32, skip_signed
from nexus.wasm.limits import RewriteLimits
from nexus.wasm.meter import Meter
from nexus.wasm.opcodes import KINDS, Kind, refused_misc, refused_opcode
from nexus.wasm.patch import Patch
from nexus.wasm.reader import Reader
from nexus.wasm.types import read_value_type

MAX_LOCALS = 50_000
"""of one function, parameters included: what engines accept"""

_LOCAL, _PLAIN, _MEMARG, _I32 = map(int, (Kind.LOCAL, Kind.PLAIN, Kind.MEMARG, Kind.I32))
_FIRST_CONTROL = int(Kind.BLOCK)

# What a frame of the control stack is. A block or `if` that branches leave by becomes a target.
_BLOCK, _TARGET, _LOOP = 0, 1, 2

_ONE_I32_LOCAL = b"\x01\x7f"
_BR = b"\x0c"


class Body(NamedTuple):
    """A metered function body, but for its entry."""

    locals: bytes
    code: bytes
    """with its last `end`, but without the check of its entry"""
    cost: int
    """for that check to take"""
    calls: Calls


class BodyRewriter:
    """Rewrites the function bodies of one module, one after the other.

    `reset_blocker` says of the first instruction that a reset could not undo what it is.
    """

    def __init__(self, data: bytes, layout: Layout, meter: Meter, limits: RewriteLimits) -> None:
        self.layout = layout
        self.reset_blocker: str | None = None
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
            # Unchecked, the index one past the last would come to mean our fuel.
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

    def rewrite(self, start: int, end: int, function: int) -> Body:
        """Meter the body of the guest's function *function*, which is `data[start:end]`.

        Raises: InvalidModule if it is malformed or uses what Nexus refuses.
        """
        reader = Reader(self._data, start, end, "function body")
        runs, first = reader.u32(), reader.pos
        self._locals = self._count_locals(reader, runs, function)
        self._needs_local = False
        self._calls = Calls()
        self._patch = Patch(self._data, reader.pos)
        self._charges = Charges(self._patch)
        self._scan(reader.pos, end)
        cost = self._charges.settle(self._meter)
        code = self._patch.finish(end)
        if not self._needs_local:
            return Body(self._data[start : reader.pos], code, cost, self._calls)
        return Body(
            b"".join((encode_unsigned(runs + 1), self._data[first : reader.pos], _ONE_I32_LOCAL)),
            code,
            cost,
            self._calls,
        )

    def _count_locals(self, reader: Reader, runs: int, function: int) -> int:
        at = reader.pos
        count = len(self.layout.signature(function).params)
        for _ in range(runs):
            count += reader.u32()
            read_value_type(reader)
        if count >= MAX_LOCALS:  # `_check_length` may need one more
            raise InvalidModule(f"a function has {count} locals; the limit is {MAX_LOCALS - 1}", at)
        return count

    # ---- the pass ----------------------------------------------------------------------------

    def _scan(self, pos: int, end: int) -> None:
        self._frames = bytearray([_LOOP])  # the function itself: nothing follows its end
        self._around = [0]
        """per frame, the segment around it"""
        self._charges.begin(pos, CHECK)
        try:
            pos = self._instructions(pos, end)
        except IndexError:  # an instruction ran past the end of the module
            pos = end + 1
        if pos > end:
            raise InvalidModule("a function body ends inside an instruction", end)
        if self._frames:
            raise InvalidModule("a function body ends inside a block", end)
        if pos < end:
            raise InvalidModule("a function body has bytes left over", pos)

    def _instructions(self, pos: int, end: int) -> int:
        data, kinds, costs, handlers = self._data, KINDS, COSTS, self._handlers
        charges, frames = self._charges, self._frames
        short_locals = min(self._locals, 0x80)
        cost = ENTRY
        while pos < end:
            opcode = data[pos]
            kind = kinds[opcode]
            cost += costs[opcode]
            if kind == _LOCAL:
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
        self._open(_BLOCK)
        return skip_block_type(self._data, pos + 1, len(self.layout.types))

    def _loop(self, pos: int) -> int:
        self._open(_LOOP)
        head = skip_block_type(self._data, pos + 1, len(self.layout.types))
        self._charges.begin(head, CHECK)
        return head

    def _if(self, pos: int) -> int:
        self._open(_BLOCK)
        arm = skip_block_type(self._data, pos + 1, len(self.layout.types))
        self._charges.begin(arm, self._around[-1])
        return arm

    def _else(self, pos: int) -> int:
        self._charges.begin(pos + 1, self._around[-1])
        return pos + 1

    def _open(self, frame: int) -> None:
        self._frames.append(frame)
        self._around.append(self._charges.current)

    def _end(self, pos: int) -> int:
        around = self._around.pop()
        if self._frames.pop() == _TARGET:
            self._charges.begin(pos + 1, around)
        else:
            self._charges.current = around
        return pos + 1

    def _br(self, pos: int) -> int:
        return self._label(pos + 1)

    def _br_if(self, pos: int) -> int:
        end = self._label(pos + 1)
        self._charges.begin(end, self._charges.current)
        return end

    def _br_table(self, pos: int) -> int:
        count, at = read_u32(self._data, pos + 1)
        for _ in range(count + 1):
            at = self._label(at)
        return at

    def _return(self, pos: int) -> int:
        # The same, but it stays right when code is put around the body.
        self._patch.replace(pos, pos + 1, _BR + encode_unsigned(len(self._frames) - 1))
        return pos + 1

    def _label(self, pos: int) -> int:
        label, end = read_u32(self._data, pos)
        frames = self._frames
        if label >= len(frames):
            raise InvalidModule(f"label {label} does not exist; there are {len(frames)}", pos)
        if frames[-1 - label] == _BLOCK:
            frames[-1 - label] = _TARGET
        return end

    # ---- functions ---------------------------------------------------------------------------

    def _call(self, pos: int) -> int:
        index, end = read_u32(self._data, pos + 1)
        if index < self.layout.imported_functions:
            self._charges.add(HOST_CALL)
            return end
        self._charges.add(CALL)
        self._patch.replace(pos + 1, end, self.layout.encoded(index, pos + 1))
        self._calls.functions.add(index - self.layout.imported_functions)
        return end

    def _call_indirect(self, pos: int) -> int:
        self._charges.add(CALL_INDIRECT)
        table = skip_index(self._data, pos + 1, len(self.layout.types), "type")
        self._calls.types.add(read_u32(self._data, pos + 1)[0])
        return read_u32(self._data, table)[1]

    def _ref_func(self, pos: int) -> int:
        index, end = read_u32(self._data, pos + 1)
        self._patch.replace(pos + 1, end, self.layout.reference(index, pos + 1))
        return end

    # ---- what runs by length, and what a reset cannot undo -----------------------------------

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
        if instruction.blocks_reset is not None:
            self._block_reset(instruction.blocks_reset, instruction.name)
        if instruction.shift is not None:
            cap = self._limits.table_elements if instruction.grows_table else None
            self._check_length(pos, instruction.shift, cap)
        for _ in range(instruction.indices):
            at = read_u32(self._data, at)[1]
        for _ in range(instruction.memories):
            at = skip_memory_index(self._data, at)
        return at

    def _check_length(self, pos: int, shift: int, cap: int | None) -> None:
        self._needs_local = True
        self._patch.insert(pos, self._meter.check_length(self._locals, shift, cap))

    def _block_reset(self, what: str, instruction: str) -> None:
        if self.reset_blocker is None:
            self.reset_blocker = f"it {what} ({instruction}), which a reset cannot undo"

    def _refused(self, pos: int) -> int:
        raise refused_opcode(self._data[pos], pos)
