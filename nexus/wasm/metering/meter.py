"""The code inserted into guests: checks, charges and the functions that ask the host.

The fuel is in a global, which is always right. Within loops a local, the *left*, mirrors it: an
iteration then subtracts in a register and only stores; loading, subtracting and storing would chain
each iteration to the one before (5 to 8 cycles each). The comparison is with zero because the sign
bit is free on every machine, and because LLVM considers `x < 0` unlikely, which moves the call out
of the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from nexus.wasm.format.layout import Layout
from nexus.wasm.format.leb128 import encode_signed, encode_unsigned
from nexus.wasm.format.names import ASK_DEPTH
from nexus.wasm.metering.hints import IS_NEGATIVE as _IS_NEGATIVE
from nexus.wasm.metering.spills import Spills

_EMPTY = b"\x40"  # block type: nothing in, nothing out
_ONE_I64 = b"\1\1\x7e"  # a body's locals
_UNREACHABLE, _IF, _END, _CALL, _SELECT = b"\x00", b"\x04", b"\x0b", b"\x10", b"\x1b"
_DROP = b"\x1a"
_CALL_INDIRECT = b"\x11"
_LOCAL_GET, _LOCAL_SET, _LOCAL_TEE = b"\x20", b"\x21", b"\x22"
_GLOBAL_GET, _GLOBAL_SET = b"\x23", b"\x24"
_I32_CONST, _I64_CONST = b"\x41", b"\x42"
_I32_LT_U = b"\x49"
_I64_ADD, _I64_OR = b"\x7c", b"\x84"
_I64_SUB, _I64_SHL, _I64_SHR_U, _I64_EXTEND_I32_U = b"\x7d", b"\x86", b"\x88", b"\xad"

_BR_IF_1 = b"\x0d\x01"
Kept: TypeAlias = Sequence[tuple[int, str]]
"""Locals, by index and type, whose values are needed behind a check"""
_STOP = _IF + _EMPTY + _UNREACHABLE + _END


class Meter:
    """Emits metering code for one module, with the indices of fuel, refill and checkpoint.

    *left* is the local that mirrors the fuel in a loop, None elsewhere; *own* is the local with the
    depth left to a frame; *kept* are locals to save around the call of refill (`spills.py`).
    """

    def __init__(self, layout: Layout, *, in_place: bool = False) -> None:
        """*in_place*: loops without calls refill where they check. Otherwise they leave for that,
        so that LLVM keeps the call out of them; Cranelift would only make more moves of it."""
        self.in_place = in_place
        index = encode_unsigned(layout.fuel)
        self._get, self._set = _GLOBAL_GET + index, _GLOBAL_SET + index
        index = encode_unsigned(layout.depth)
        self._get_depth, self._set_depth = _GLOBAL_GET + index, _GLOBAL_SET + index
        self._checkpoint = _CALL + encode_unsigned(layout.checkpoint)
        self._refill = _CALL + encode_unsigned(layout.refill)
        self.spills = Spills(layout.depth + 1)

    # ---- fuel --------------------------------------------------------------------------------

    def take_left(self, left: int) -> bytes:
        """Set *left* from the fuel: ahead of a loop, and behind code that may have changed it."""
        return self._get + _LOCAL_SET + encode_unsigned(left)

    def charge(self, cost: int, left: int | None = None) -> bytes:
        """Subtract *cost* from the fuel without a check."""
        return self.charge_sum(_I64_CONST + encode_signed(cost), left) if cost else b""

    def charge_sum(self, costs: bytes, left: int | None) -> bytes:
        """Subtract from the fuel the result of the code *costs*, an i64."""
        if left is None:
            return self._get + costs + _I64_SUB + self._set
        index = encode_unsigned(left)
        return b"".join((_LOCAL_GET, index, costs, _I64_SUB, _LOCAL_TEE, index, self._set))

    def check(self, cost: int, left: int | None = None, kept: Kept = ()) -> bytes:
        """Subtract *cost* from the fuel; call refill if the result is negative."""
        return self.charge(cost, left) + self.refill_if_negative(left, kept)

    def repair(self, left: int, kept: Kept) -> bytes:
        """Begin the outer loop that `leave_if_negative` branches to: refill after such a branch.

        The fuel does not include the charge on *left* then. Add it again, for the inner loop to
        take: it begins its round anew.
        """
        index = encode_unsigned(left)
        get = _LOCAL_GET + index
        taken = self._get + get + _I64_SUB
        refill = get + self._set + self.spills.around(self._refill, kept)
        more = refill + self._get + _I64_ADD + _LOCAL_SET + index
        return get + _IS_NEGATIVE + _IF + _EMPTY + taken + more + _END

    def leave_if_negative(self, cost: int, left: int) -> bytes:
        """Subtract *cost*, or branch to the loop around this one if less than that is left."""
        index = encode_unsigned(left)
        less = _LOCAL_GET + index + _I64_CONST + encode_signed(cost) + _I64_SUB
        leave = _LOCAL_TEE + index + _IS_NEGATIVE + _BR_IF_1
        return less + leave + _LOCAL_GET + index + self._set

    def refill_if_negative(self, left: int | None, kept: Kept = ()) -> bytes:
        refill = self.spills.around(self._refill, kept)
        if left is None:
            return self._get + _IS_NEGATIVE + _IF + _EMPTY + refill + _END
        get = _LOCAL_GET + encode_unsigned(left)
        more = refill + self.take_left(left)
        return get + _IS_NEGATIVE + _IF + _EMPTY + more + _END

    def check_length(self, local: int, shift: int, cap: int | None, left: int | None) -> bytes:
        """Charge for the unsigned i32 on top of the stack, and leave it there.

        *local* is an i32 local to keep it in. *cap* limits the charged length.
        """
        index = encode_unsigned(local)
        get = _LOCAL_GET + index
        length = get + _I64_EXTEND_I32_U
        if cap is not None:
            limit = encode_signed(cap)
            below = get + _I32_CONST + limit + _I32_LT_U
            length += _I64_CONST + limit + below + _SELECT
        scale = _I64_CONST + encode_signed(abs(shift)) + (_I64_SHL if shift > 0 else _I64_SHR_U)
        charge = self.charge_sum(length + scale, left)
        return _LOCAL_TEE + index + charge + self.refill_if_negative(left)

    # ---- depth -------------------------------------------------------------------------------

    def count_frame(self, own: int) -> bytes:
        """Set *own* after subtracting a frame."""
        less = self._get_depth + _I64_CONST + b"\1" + _I64_SUB
        return less + _LOCAL_SET + encode_unsigned(own)

    def check_frame(self, own: int, fuel: bool) -> bytes:
        """Call refill if there is no depth left or, if *fuel* matters too, no fuel.

        One branch serves both: either is negative exactly if their bits together are. Without
        depth, refill does not return; told so, a compiler moves the call out of the way.
        """
        index = encode_unsigned(own)
        get = _LOCAL_GET + index
        look = get + self._get + _I64_OR if fuel else get
        ask = get + self._set_depth + self._refill + (b"" if fuel else _UNREACHABLE)
        return look + _IS_NEGATIVE + _IF + _EMPTY + ask + _END

    def pass_depth(self, own: int) -> bytes:
        """Set the depth that the next callee may use."""
        return _LOCAL_GET + encode_unsigned(own) + self._set_depth

    def keep_depth(self, own: int) -> bytes:
        """Save the depth in *own*, for `pass_depth` to restore."""
        return self._get_depth + _LOCAL_SET + encode_unsigned(own)

    # ---- our functions -----------------------------------------------------------------------

    def refill_body(self) -> bytes:
        """Return the body of `$refill`: without parameters, results and locals.

        It traps here, not in the host: nothing may raise through a guest (fact 9).
        """
        ask = self._get + self._checkpoint + self._set + self._get + _IS_NEGATIVE + _STOP
        fuel = self._get + _IS_NEGATIVE + _IF + _EMPTY + ask + _END
        tell = self._ask_depth() + _DROP + _UNREACHABLE
        depth = self._get_depth + _IS_NEGATIVE + _IF + _EMPTY + tell + _END
        return b"\0" + fuel + depth + _END

    def start_body(self, start: int) -> bytes:
        """Return the body of `$start`: it asks for depth, which could not be set before, and calls
        the guest's own start function."""
        return b"".join(
            (
                b"\0",
                self._ask_depth(),
                self._set_depth,
                _CALL,
                encode_unsigned(start),
                _END,
            )
        )

    def table_body(self, type_: int) -> bytes:
        """Return the body of `$table`: it calls the function of *type_* that its first parameter
        names, with the other four. The callee checks fuel and depth itself: any function in a table
        may be entered from anywhere."""
        call = _CALL_INDIRECT + encode_unsigned(type_) + b"\0"
        return self._entrance((1, 2, 3, 4, 0), 5, call)

    def host_body(self, function: int, parameters: int) -> bytes:
        """Return the body of a function through which the host calls *function*, a new index, of
        so many parameters."""
        call = _CALL + encode_unsigned(function)
        return self._entrance(range(parameters), parameters, call)

    def _entrance(self, arguments: Iterable[int], own: int, call: bytes) -> bytes:
        """Return a body that passes these parameters on, and keeps the depth in the local *own*.

        A counted function leaves the depth lower than it found it, so that after some hundred calls
        of one run none would be left.
        """
        passed = b"".join(_LOCAL_GET + encode_unsigned(index) for index in arguments)
        return _ONE_I64 + self.keep_depth(own) + passed + call + self.pass_depth(own) + _END

    def _ask_depth(self) -> bytes:
        return _I64_CONST + encode_signed(ASK_DEPTH) + self._checkpoint
