"""One evaluation: `evaluated.js` in a new instance of a QuickJS whose functions have no names.

Of such a build only `qjs_init_argv` can be called, which evaluates a file and whatever its
promises lead to. So all that a request needs goes in and comes out through two descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from itertools import accumulate
from struct import pack
from typing import Final, NamedTuple

from nexus.errors import DeadlineExceeded, GuestTrap, MemoryLimit
from nexus.guest.js.bridge import sleep
from nexus.guest.js.errors import OUT_OF_MEMORY
from nexus.guest.js.outcome import WAIT, is_full, wait_s
from nexus.guest.js.setup import STACK_BYTES
from nexus.guest.wasi.descriptors import FD_WRITE, BytesInput, Descriptor
from nexus.protocols import EngineInstance, Run

ENTRY: Final = "nexus:entry"
HANDLER: Final = "nexus:handler"
WEB: Final = "nexus:web"
"""files of ours beside the handler's; the last is bootstrap and prelude, as bytecode"""

TASK, ANSWER = 20, 21
"""descriptors; `evaluated.js` has the same numbers"""

_ARGUMENTS: Final = ("qjs", "--std", f"--stack-size={STACK_BYTES >> 10}", "-m", ENTRY)
_BUILT_IN: Final = b"qjs:"
"""how the names of QuickJS's own modules begin"""
_BEFORE_BYTES: Final = 64 << 10


class Kind(IntEnum):
    """What is to be done; `evaluated.js` has the same numbers."""

    COMPILE = 0
    """bootstrap and prelude, to bytecode"""
    LOAD = 1
    """the handler's modules, and no more"""
    RESPOND = 2
    EVALUATE = 3


class Given(NamedTuple):
    """What goes in."""

    kind: Kind
    text: bytes = b""
    """JSON: a request's head, or what a context gives"""
    body: bytes = b""


class TaskInput(BytesInput):
    """What goes in, as `evaluated.js` reads it. Before that it hides QuickJS's own modules."""

    def __init__(self, instance: EngineInstance, given: Given, files: Mapping[str, bytes]) -> None:
        parts = (files[WEB], given.text, given.body)
        super().__init__(b"".join((pack("<4I", given.kind, *map(len, parts)), *parts)))
        self._instance: EngineInstance | None = instance
        self.heap_start = 0
        """address of something that was allocated before all that is JavaScript's"""

    def read(self, length: int) -> bytes:
        if self._instance is not None:
            _hide_modules(self._instance.memory()[self.heap_start :])
            self._instance = None
        return super().read(length)


class AnswerOutput(Descriptor):
    """Keeps what was written last; sleeps where that is how long to wait."""

    rights = FD_WRITE

    def __init__(self, run: Run) -> None:
        self._run = run
        self.content = b""

    def write(self, content: memoryview) -> None:
        answer = bytes(content)
        if not answer.startswith(WAIT):
            self.content = answer
            return
        try:
            if not sleep(self._run, wait_s(answer)):
                self._run.stop(DeadlineExceeded("not finished within its deadline"))
        except GuestTrap as error:
            self._run.stop(error)


def evaluate(instance: EngineInstance, run: Run, task: TaskInput) -> None:
    """Have QuickJS start and evaluate `ENTRY`, which reads *task*.

    Raises: GuestError.
    """
    instance.call("_initialize")
    start = _place_arguments(instance)
    # Most of what is below is the C stack, whose untouched pages cost 2 ms to look at. Some chunk
    # that `_initialize` has freed may be there too.
    task.heap_start = max(0, start - _BEFORE_BYTES)
    try:
        instance.invoke("qjs_init_argv", len(_ARGUMENTS), start)
    except GuestTrap:
        if run.stopped is None and is_full(instance.memory_size(), run.limits.memory_bytes):
            raise OUT_OF_MEMORY.as_guest_error() from None
        raise


def _place_arguments(instance: EngineInstance) -> int:
    """Put the command line into memory; return where."""
    strings = [argument.encode() + b"\0" for argument in _ARGUMENTS]
    table_bytes = 4 * (len(strings) + 1)
    size = table_bytes + sum(map(len, strings))
    start = instance.invoke("malloc", size) & 0xFFFFFFFF
    if not start:
        raise MemoryLimit("not even the JavaScript engine fits into the handler's memory")
    *pointers, _ = accumulate(map(len, strings), initial=start + table_bytes)
    table = pack(f"<{len(pointers) + 1}I", *pointers, 0)
    instance.memory()[start : start + size] = table + b"".join(strings)
    return start


def _hide_modules(memory: memoryview) -> None:
    """Make `qjs:os` and its like impossible to import: no string is equal to their names any more.

    QuickJS keeps a name beside its hash. One that no longer fits its hash is not found by the old
    name, which is another, nor by the new one, whose hash is another.
    """
    content = bytes(memory)  # which has `find`
    at = content.find(_BUILT_IN)
    while at >= 0:
        memory[at : at + len(_BUILT_IN)] = bytes(len(_BUILT_IN))
        at = content.find(_BUILT_IN, at + 1)
