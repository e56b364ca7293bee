"""Finds promises that were rejected and that nothing handles.

QuickJS's own tracker (`quickjs-libc.c`) keeps them in a list in guest memory until a handler is
attached. The host looks at the list's head, four bytes, whenever all jobs have run.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from nexus.errors import CompilationError
from nexus.guest.js.interpreter import EXCEPTION, Interpreter, tag
from nexus.guest.js.structures.changes import changes
from nexus.guest.preview1.memory import U32
from nexus.plugin_api.engine import FUNCTION_PREFIX, EngineInstance

_STATE_BYTES: Final = 64
"""where to look for the list in the tracker's state: `JSThreadState` begins with five lists"""
_NEXT: Final = 4  # a list's link is: previous, next
_ENTRY: Final = struct.Struct("<4x I q q")  # link, promise, reason
_PROBE: Final = b"Promise.reject()"
_MOST_AT_ONCE: Final = 32
"""rejections that are reported after one turn; further ones wait for the next"""


class Rejection(NamedTuple):
    """JavaScript values; valid until `forget`."""

    promise: int
    reason: int


def start_tracking(instance: EngineInstance, js: Interpreter, runtime: int, tracker: int) -> int:
    """Let QuickJS track rejections with the C function at *tracker*; return the list's address.

    Raises: CompilationError if this build of QuickJS keeps them in another way.
    """
    start = f"{FUNCTION_PREFIX}js_std_init_handlers"
    states = changes(instance, runtime, lambda: instance.invoke(start, runtime))
    name = f"{FUNCTION_PREFIX}JS_SetHostPromiseRejectionTracker"
    instance.invoke(name, runtime, tracker, 0)
    lists = [head for state in states for head in _empty_lists(instance, state.after)]
    promise = js.evaluate(_PROBE, "nexus:probe", 0)
    if tag(promise) == EXCEPTION:
        raise CompilationError("QuickJS cannot reject a promise")
    for head in lists:
        found = list(unhandled(js.memory(), head))
        if [one.promise for one in found] == [promise]:
            forget(js, found[0])
            js.c("JS_FreeValue", promise)
            return head
    raise CompilationError("this build of QuickJS does not list rejected promises as Nexus expects")


def any_unhandled(memory: memoryview, head: int) -> bool:
    """Return whether the list at *head* has an entry: an empty one points to itself."""
    (first,) = U32.unpack_from(memory, head)
    return bool(first != head)


def unhandled(memory: memoryview, head: int) -> Iterator[Rejection]:
    """Return the entries of the list at *head*, up to `_MOST_AT_ONCE`."""
    (at,) = U32.unpack_from(memory, head + _NEXT)
    for _ in range(_MOST_AT_ONCE):
        if at == head or at + _ENTRY.size > len(memory):
            return
        at, promise, reason = _ENTRY.unpack_from(memory, at)
        yield Rejection(promise, reason)


def forget(js: Interpreter, rejection: Rejection) -> None:
    """Remove *rejection* from the list, as if it were handled."""
    js.c("js_std_promise_rejection_tracker", rejection.promise, rejection.reason, 1, 0)


def _empty_lists(instance: EngineInstance, state: int) -> list[int]:
    """Return the addresses of empty lists at the start of *state*, if it is an address."""
    memory = instance.memory()
    if state % 4 or not 0 < state < len(memory) - _STATE_BYTES:
        return []
    places = range(state, state + _STATE_BYTES, 8)
    return [at for at in places if struct.unpack_from("<2I", memory, at) == (at, at)]
