"""Loops with a predictable number of rounds are charged for many rounds at once.

Compilers turn `for (i = …; i < n; i += s)` into a loop that ends by adding to a local *i* and
repeats while *i* compares with a bound; nothing else in the loop changes index, bound and step,
calls or repeats. Such a loop becomes the inner one of two:

    loop                                  each time: choose how many rounds, charge for them, check
      goal = i + rounds * s
      loop  body; i += s;  br_if (i != goal)  end
      br_if (i < n)                       the guest's own condition
    end

This is right because *rounds* is never more than the loop would have made from here on, and at
least 1, which it makes in any case. `i` takes the value *goal* after that many rounds, not before
(the steps add up to less than 2^32), so the inner loop makes exactly the charged rounds; then
the guest's own condition decides about more. All of it is arithmetic on the guest's own numbers:
charges are the same everywhere. *rounds* cost at most `CHUNK`, however long the loop. A branch out
of the loop gives back the charge for rounds not begun, computed from index and goal: the index
changes only behind all branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from nexus.wasm.format.leb128 import encode_signed, encode_unsigned
from nexus.wasm.metering.costs import CHUNK
from nexus.wasm.metering.meter import Kept, Meter

_LOOP, _END, _BR_IF, _SELECT = b"\x03\x40", b"\x0b", b"\x0d\x00", b"\x1b"
_IF, _BR, _RETURN = b"\x04\x40", b"\x0c", b"\x0f"
_GET, _SET, _TEE, _I32_CONST = b"\x20", b"\x21", b"\x22", b"\x41"
_EQZ, _NE, _LT_U = b"\x45", b"\x47", b"\x49"
_ADD, _SUB, _MUL, _DIV_U = b"\x6a", b"\x6b", b"\x6c", b"\x6e"
_I64_CONST, _I64_ADD, _I64_MUL, _EXTEND_U = b"\x42", b"\x7c", b"\x7e", b"\xad"
_INCLUSIVE = range(0x4C, 0x50)
"""i32.le_s le_u ge_s ge_u"""
NE = 0x47


class Exit(NamedTuple):
    """A branch out of a loop."""

    slot: int
    """place of the branch in the patch"""
    label: int | None
    """new label; None for a return"""
    conditional: bool


@dataclass(frozen=True)
class CountedLoop:
    """A loop that counts, and our locals for it."""

    index: int
    """the local that counts"""
    step: bytes
    """code for the number added each round, or subtracted if *down*"""
    constant: int
    """that number, 0 if it is in a local"""
    down: bool
    bound: bytes
    """code for the number that the index is compared with; empty: 0"""
    comparison: int
    weight: int
    """cost of one round, whatever part of it runs"""
    exits: tuple[Exit, ...]
    rounds: int
    goal: int

    def check(self, cost: int, meter: Meter, left: int, kept: Kept) -> bytes:
        """Return the code that begins the inner loop, at *cost* for each round."""
        most = max(1, CHUNK // max(1, self.weight))
        set_rounds = _SET + encode_unsigned(self.rounds)
        get, rounds = _get(self.index), _get(self.rounds)
        way = self.step + _MUL + (_SUB if self.down else _ADD)
        one = i32_const(1) + _ADD
        goal = get + rounds + one + way + _SET + encode_unsigned(self.goal)
        price = _I64_CONST + encode_signed(cost)
        costs = rounds + _EXTEND_U + price + _I64_MUL + price + _I64_ADD
        return b"".join(
            (
                self._rounds_but_one(most - 1),
                set_rounds,
                goal,
                meter.charge_sum(costs, left),
                meter.refill_if_negative(left, (*kept, (self.rounds, "i32"))),
                _LOOP,
            )
        )

    def leave(self, exit: Exit, cost: int, meter: Meter, left: int) -> bytes:
        """Return code that gives back the charge for rounds not begun, and leaves the loop."""
        ends = (_get(self.index), _get(self.goal))
        distance = b"".join(ends if self.down else reversed(ends)) + _SUB
        if self.constant != 1:
            distance += self.step + _DIV_U
        price = _I64_CONST + encode_signed(-cost)
        refund = meter.charge_sum(distance + _minus_one() + _EXTEND_U + price + _I64_MUL, left)
        if exit.label is None:
            return refund + _RETURN
        if not exit.conditional:
            return refund + _BR + encode_unsigned(exit.label)
        return _IF + refund + _BR + encode_unsigned(exit.label + 1) + _END

    def _rounds_but_one(self, most: int) -> bytes:
        """Return code for the number of predictable rounds after the next one, up to *most*."""
        get, bound = _get(self.index), self._bound
        distance = (get + bound if self.down else bound + get) + _SUB
        equal = self.comparison == NE
        if not equal and self.comparison not in _INCLUSIVE:
            distance += _minus_one()
        if self.constant != 1:
            distance += self._divisor() + _DIV_U
        if equal:  # from 0 it wraps at 2^32: more rounds than are ever charged at once
            distance += _minus_one()
        tee, rounds = _TEE + encode_unsigned(self.rounds), _get(self.rounds)
        least = tee + i32_const(most) + rounds + i32_const(most) + _LT_U + _SELECT
        if equal:
            return distance + least
        holds = get + bound + bytes((self.comparison,))
        return distance + least + i32_const(0) + holds + _SELECT

    def _divisor(self) -> bytes:
        """Return the step; if a local holds 0, a number that allows no further round."""
        if self.constant:
            return self.step
        return i32_const(-1) + self.step + self.step + _EQZ + _SELECT

    @property
    def _bound(self) -> bytes:
        return self.bound or i32_const(0)

    @property
    def inner(self) -> bytes:
        """The inner loop's comparison of the index."""
        return _get(self.goal) + _NE

    @property
    def tail(self) -> bytes:
        """The code behind the inner loop: the guest's condition, and the outer loop's end."""
        compare = self.bound + bytes((self.comparison,)) if self.bound else b""
        return _get(self.index) + compare + _BR_IF + _END


def _get(local: int) -> bytes:
    return _GET + encode_unsigned(local)


def i32_const(value: int) -> bytes:
    return _I32_CONST + encode_signed(value)


def _minus_one() -> bytes:
    return i32_const(1) + _SUB
