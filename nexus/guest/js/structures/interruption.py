"""Interrupts a handler whose run was stopped, so that QuickJS says where in the source it was.

QuickJS calls its interrupt handler at loops and calls, every 10,000 of them. If that returns
something other than 0, QuickJS throws an error that no `catch` sees, with a stack. Here the handler
is QuickJS's own allocator, which returns an address, and the host sets it in guest memory, only in
a run that ends anyway. Set-up finds where.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from nexus.errors import CpuLimit, DeadlineExceeded, ResourceLimit
from nexus.guest.js.interpreter import Interpreter
from nexus.guest.js.structures.changes import changes
from nexus.guest.preview1.memory import U32
from nexus.plugin_api.engine import FUNCTION_PREFIX, EngineInstance
from nexus.plugin_api.guest import Run

_OPAQUE: Final = 16
"""the second argument of the interrupt handler: how much the allocator is asked for"""
_LIMITS: Final = (DeadlineExceeded, CpuLimit, ResourceLimit)
"""reasons to stop whose place in the source is worth a report; a client that left is not"""
_PATIENCE: Final = 2
"""checkpoints until a handler that is late must throw at its next loop or call"""
_TURNS: Final = 100
_PROBE: Final = b"for (let i = 0; i < %d; i++);" % _TURNS
_HANDLER: Final = struct.Struct("<II")


class Interrupts(NamedTuple):
    """Where to interrupt QuickJS; addresses are 0 where this build has other structures."""

    slot: int
    """the allocator's place in the table of functions"""
    handler_at: int
    """address of the interrupt handler and its argument"""
    counter_at: int
    """address of the number of loops and calls until the handler is next asked"""

    def arm(self, instance: EngineInstance, run: Run, count: int) -> bool:
        """Let QuickJS in *instance* throw, at the checkpoint *count* of a stopped *run*; return
        whether it can.

        A regular expression asks the handler by itself, and then QuickJS needs some calls to write
        the stack. So a loop first gets the time to come to its next question.
        """
        if not self.handler_at or not isinstance(run.stopped, _LIMITS):
            return False
        memory = instance.memory()
        _HANDLER.pack_into(memory, self.handler_at, self.slot, _OPAQUE)
        is_late = isinstance(run.stopped, (DeadlineExceeded, CpuLimit))
        if count == (_PATIENCE if is_late else 0):
            U32.pack_into(memory, self.counter_at, 0)
        return True


def find_interrupts(
    instance: EngineInstance, js: Interpreter, runtime: int, context: int, allocator: int
) -> Interrupts:
    """Return where to interrupt QuickJS, whose function of memory allocation is at *allocator*."""
    set_handler = f"{FUNCTION_PREFIX}JS_SetInterruptHandler"
    found = changes(
        instance, runtime, lambda: instance.invoke(set_handler, runtime, allocator, _OPAQUE)
    )
    instance.invoke(set_handler, runtime, 0, 0)
    counter_at = _counter(instance, js, context)
    is_known = [word.after for word in found] == [allocator, _OPAQUE]
    if not is_known or not counter_at or found[1].at != found[0].at + 4:
        return Interrupts(0, 0, 0)
    return Interrupts(allocator, found[0].at, counter_at)


def _counter(instance: EngineInstance, js: Interpreter, context: int) -> int:
    """Return the address of the word in the context that each turn of a loop decrements, or 0."""
    found = changes(instance, context, lambda: js.evaluate(_PROBE, "nexus:probe", 0))
    turns = range(_TURNS, 4 * _TURNS)
    counters = [word.at for word in found if word.before - word.after in turns]
    return counters[0] if len(counters) == 1 else 0
