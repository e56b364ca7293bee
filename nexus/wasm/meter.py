"""The code that is put into guests: checks, charges and the function that asks the host.

The fuel lives in a global: LLVM keeps it in a register where it can, and a hand-made local copy
gained nothing (DESIGN fact 5). The compare is against zero because the sign bit is free on every
machine, and LLVM takes `x < 0` for unlikely, which moves the call out of the way.
"""

from __future__ import annotations

from nexus.wasm.layout import Layout
from nexus.wasm.leb128 import encode_signed, encode_unsigned
from nexus.wasm.names import ASK_DEPTH

_EMPTY = b"\x40"  # block type: nothing in, nothing out
_UNREACHABLE, _IF, _END, _CALL, _SELECT = b"\x00", b"\x04", b"\x0b", b"\x10", b"\x1b"
_LOCAL_GET, _LOCAL_TEE, _GLOBAL_GET, _GLOBAL_SET = b"\x20", b"\x22", b"\x23", b"\x24"
_I32_CONST, _I64_CONST = b"\x41", b"\x42"
_I32_LT_U, _I64_LT_S = b"\x49", b"\x53"
_I64_ADD, _I64_OR = b"\x7c", b"\x84"
_I64_SUB, _I64_SHL, _I64_SHR_U, _I64_EXTEND_I32_U = b"\x7d", b"\x86", b"\x88", b"\xad"


class Meter:
    """Emits metering code for one module, given where fuel, refill and checkpoint ended up."""

    def __init__(self, layout: Layout) -> None:
        fuel, refill, checkpoint = layout.fuel, layout.refill, layout.checkpoint
        index = encode_unsigned(fuel)
        self._get, self._set = _GLOBAL_GET + index, _GLOBAL_SET + index
        self._checkpoint = _CALL + encode_unsigned(checkpoint)
        self._subtract = _I64_SUB + self._set
        self._is_negative = self._get + _I64_CONST + b"\0" + _I64_LT_S
        self._stop_if_negative = self._is_negative + _IF + _EMPTY + _UNREACHABLE + _END
        self._call_refill = _IF + _EMPTY + _CALL + encode_unsigned(refill) + _END
        self._refill_if_negative = self._is_negative + self._call_refill
        self._checks: dict[int, bytes] = {}
        index = encode_unsigned(layout.depth)
        self._get_depth, self._set_depth = _GLOBAL_GET + index, _GLOBAL_SET + index
        self.leave = self._get_depth + _I64_CONST + b"\1" + _I64_ADD + self._set_depth
        """gives back what `enter` took of the depth"""

    def charge(self, cost: int) -> bytes:
        """Take *cost* from the fuel without looking at what is left."""
        return self._get + _I64_CONST + encode_signed(cost) + self._subtract if cost else b""

    def check(self, cost: int) -> bytes:
        """Take *cost* from the fuel; call refill if that leaves less than nothing."""
        found = self._checks.get(cost)
        if found is None:
            found = self._checks[cost] = self.charge(cost) + self._refill_if_negative
        return found

    def check_length(self, local: int, shift: int, cap: int | None) -> bytes:
        """Charge for the unsigned i32 on top of the stack, and leave it there.

        *local* is an i32 local to keep it in. A *cap* is the most it counts for.
        """
        index = encode_unsigned(local)
        get = _LOCAL_GET + index
        length = get + _I64_EXTEND_I32_U
        if cap is not None:
            limit = encode_signed(cap)
            below = get + _I32_CONST + limit + _I32_LT_U
            length += _I64_CONST + limit + below + _SELECT
        scale = _I64_CONST + encode_signed(abs(shift)) + (_I64_SHL if shift > 0 else _I64_SHR_U)
        charge = self._get + length + scale + self._subtract
        return _LOCAL_TEE + index + charge + self._refill_if_negative

    def enter(self, cost: int) -> bytes:
        """As `check`, and take a frame from the depth too.

        One branch for both: either is negative exactly if their bits together are.
        """
        depth = self._get_depth + _I64_CONST + b"\1" + _I64_SUB + self._set_depth
        both = self._get + self._get_depth + _I64_OR + _I64_CONST + b"\0" + _I64_LT_S
        return self.charge(cost) + depth + both + self._call_refill

    def refill_body(self) -> bytes:
        """Give the body of `$refill`: without parameters, results and locals.

        It traps here rather than in the host: nothing may raise through a guest (DESIGN fact 9).
        """
        ask = self._get + self._checkpoint + self._set
        fuel = self._is_negative + _IF + _EMPTY + ask + self._stop_if_negative + _END
        more = _I64_CONST + encode_signed(ASK_DEPTH) + self._checkpoint
        ask = self._get_depth + more + _I64_ADD + self._set_depth
        too_deep = self._get_depth + _I64_CONST + b"\0" + _I64_LT_S
        stop = too_deep + _IF + _EMPTY + _UNREACHABLE + _END
        depth = too_deep + _IF + _EMPTY + ask + stop + _END
        return b"\0" + fuel + depth + _END
