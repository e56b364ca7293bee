"""Calls QuickJS's C functions from outside, on values that live in guest memory.

A JavaScript value has 64 bits: a tag in the upper half, a number or an address in the lower
(quickjs.h, for addresses of 32 bits).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nexus.errors import GuestError, GuestTrap, MemoryLimit
from nexus.guest.js.errors import Thrown
from nexus.guest.js.outcome import is_full
from nexus.guest.js.structures.answering import (
    ANSWER,
    MOST_ARGUMENTS,
    NO_TEXT,
    TABLE,
    THREW,
    WAITS,
)
from nexus.guest.preview1.memory import U32
from nexus.plugin_api.engine import FUNCTION_PREFIX, EngineInstance
from nexus.plugin_api.guest import Run

UNDEFINED: Final = 3 << 32
EXCEPTION: Final = 6
"""tags of `JSValue`; EXCEPTION means that the context holds a pending exception"""

PENDING, FULFILLED, REJECTED = range(3)
"""the results of `JS_PromiseState`"""

SCRATCH_BYTES: Final = 16 << 10
_ARGUMENTS_BYTES: Final = 8 * MOST_ARGUMENTS
"""the start of the scratch area: arguments, or a length"""
_TEXT_BYTES: Final = SCRATCH_BYTES - _ARGUMENTS_BYTES
_OUT_OF_MEMORY = "no memory is left for the request"
_NO_STRING = "a result that cannot be made a string"


@dataclass(frozen=True)
class Addresses:
    """Addresses in a guest's memory; equal in all instances of one snapshot."""

    runtime: int
    context: int
    scratch: int
    """start of `SCRATCH_BYTES` that belong to the host"""


def tag(value: int) -> int:
    """Return the signed upper half of a value."""
    return value >> 32


def address(value: int) -> int:
    """Return the lower half of a value."""
    return value & 0xFFFFFFFF


class Interpreter:
    """One QuickJS context in one instance.

    The caller owns the values returned, and need not free them if it drops or resets the instance.
    """

    __slots__ = ("_at", "_context", "_instance", "_invoke", "_memory_bytes")

    def __init__(self, instance: EngineInstance, at: Addresses, memory_bytes: int) -> None:
        """Call QuickJS in *instance*, whose memory may grow to *memory_bytes*."""
        self._memory_bytes = memory_bytes
        self._instance, self._invoke = instance, instance.invoke
        self._at, self._context = at, at.context

    def c(self, function: str, *arguments: int) -> int:
        """Call the C function called *function*, with the context as first argument."""
        return self._invoke(FUNCTION_PREFIX + function, self._context, *arguments)

    def is_full(self) -> bool:
        """Return whether the memory has nearly grown to its limit."""
        return is_full(self._instance.memory_size(), self._memory_bytes)

    def memory(self) -> memoryview:
        """Return the guest's memory; valid until the next call."""
        return self._instance.memory()

    # ---- in ----------------------------------------------------------------------------------

    def place(self, content: bytes) -> int:
        """Write *content* and a NUL to guest memory; return the address.

        Short content goes to the scratch area and is valid until the next call of `place`.

        Raises: MemoryLimit.
        """
        size = len(content) + 1
        start = self._at.scratch + _ARGUMENTS_BYTES
        if size > _TEXT_BYTES:
            start = address(self._invoke("malloc", size))
            if not start:
                raise MemoryLimit(_OUT_OF_MEMORY)
        self._instance.memory()[start : start + size] = content + b"\0"
        return start

    def evaluate(self, source: bytes, name: str, flags: int) -> int:
        """Evaluate the script or module *source*, whose file is called *name*; return its value."""
        place = self.keep(name.encode())
        return self.c("JS_Eval", self.place(source), len(source), place, flags)

    def keep(self, content: bytes) -> int:
        """Write *content* and a NUL to newly allocated guest memory; return the address.

        Raises: MemoryLimit.
        """
        start = address(self._invoke("malloc", len(content) + 1))
        if not start:
            raise MemoryLimit(_OUT_OF_MEMORY)
        self._instance.memory()[start : start + len(content) + 1] = content + b"\0"
        return start

    def parse_json(self, text: bytes) -> int:
        """Return the value of a JSON text in UTF-8."""
        start = self.place(text)
        return self.c("JS_ParseJSON", start, len(text), start + len(text))

    def uint8array(self, content: bytes) -> int:
        """Return a Uint8Array of *content*."""
        return self._copied("JS_NewUint8ArrayCopy", content)

    def string(self, content: bytes) -> int:
        """Return a string of *content* in UTF-8."""
        return self._copied("JS_NewStringLen", content)

    def _copied(self, function: str, content: bytes) -> int:
        """Call *function*, which copies *content*; then free what was allocated to pass it."""
        start = self.place(content)
        value = self.c(function, start, len(content))
        if len(content) >= _TEXT_BYTES:
            self._invoke("free", start)
        return value

    # ---- calls -------------------------------------------------------------------------------

    def call(self, function: int, arguments: Sequence[int] = ()) -> int:
        """Call a JavaScript function with up to `MOST_ARGUMENTS`; return its value."""
        start = self._at.scratch
        if arguments:
            self._pass(arguments, start)
        return self.c("JS_Call", function, UNDEFINED, len(arguments), start)

    def answer(
        self,
        jobs: int,
        functions: tuple[int, int, int],
        texts: Sequence[bytes],
        values: Sequence[int] = (),
    ) -> bytes | None:
        """Let QuickJS answer a request at once: see `structures/answering.py`.

        *jobs*: address of the list of jobs; *functions*: `respond`, `finish` and `finishLater`;
        *texts* in UTF-8 and then *values* are the arguments of `respond`. Return the answer, or
        None if it is not there yet.

        Raises: GuestError.
        """
        scratch, count = self._at.scratch, len(texts)
        content = b"".join(texts)
        table_at = scratch + TABLE
        start = table_at + 8 * count
        if start + len(content) > scratch + SCRATCH_BYTES:
            start, content = self.keep(content), b""
        table: list[int] = []
        for text in texts:
            table += (start, len(text))
            start += len(text)
        content = struct.pack(f"<{2 * count}I", *table) + content
        self._instance.memory()[table_at : table_at + len(content)] = content
        if values:
            self._pass(values, scratch + 8 * count)
        count_all = count + len(values)
        found = address(
            self._invoke(ANSWER, self._context, scratch, jobs, *functions, count, count_all)
        )
        if found == WAITS:
            return None
        if found == THREW:
            raise self.pending()
        if found == NO_TEXT:
            raise GuestTrap(_NO_STRING)
        return self._text_at(found)

    def _pass(self, arguments: Sequence[int], start: int) -> None:
        """Write *arguments* to the scratch area at *start*."""
        memory = self._instance.memory()
        for number, value in enumerate(arguments):
            at = start + 8 * number
            memory[at : at + 8] = value.to_bytes(8, "little", signed=True)

    def free(self, value: int) -> None:
        """Release a value that this class has returned."""
        self.c("JS_FreeValue", value)

    def get(self, value: int, name: str) -> int:
        """Return the property *name* of an object."""
        return self.c("JS_GetPropertyStr", value, self.place(name.encode()))

    def run_jobs(self, run: Run) -> None:
        """Run the jobs that promises have queued, including new ones, until none is left.

        Raises: GuestError if one was interrupted, since *run* was stopped.
        """
        invoke, runtime, context = self._invoke, self._at.runtime, self._at.scratch
        while ran := invoke("nexus.fn.JS_ExecutePendingJob", runtime, context):
            if ran < 0 and run.stopped is not None:
                raise self.pending()
            # Any other job that throws (-1) has rejected its promise; the next may run.

    def set_module_loader(self, loader: int, check_attributes: int) -> None:
        """Let the C function at *loader* load modules; 0 makes every later import fail."""
        runtime = self._at.runtime
        name = f"{FUNCTION_PREFIX}JS_SetModuleLoaderFunc2"
        self._invoke(name, runtime, 0, loader, check_attributes, 0)

    # ---- out ---------------------------------------------------------------------------------

    def text(self, value: int) -> bytes:
        """Return a value as a string in UTF-8, with lone surrogates encoded as in WTF-8.

        Raises: GuestTrap if the value cannot become a string, or no memory is left.
        """
        length_at = self._at.scratch
        start = address(self.c("JS_ToCStringLen2", length_at, value, 0))
        if not start:
            raise GuestTrap(_NO_STRING)
        return self._text_at(start)

    def _text_at(self, start: int) -> bytes:
        """Return the text at *start*, whose length is at the start of the scratch area."""
        memory = self._instance.memory()
        (length,) = U32.unpack_from(memory, self._at.scratch)
        content = bytes(memory[start : start + length])
        if len(content) != length:
            raise GuestTrap("a string that lies outside the memory")
        return content

    def checked(self, value: int) -> int:
        """Return *value*. Raises: GuestError if it is an exception."""
        if tag(value) == EXCEPTION:
            raise self.pending()
        return value

    def pending(self) -> GuestError:
        """Return the pending exception, with its stack, and clear it in the context."""
        error = self.exception()
        texts = [self.text(self.get(error, name)) for name in ("name", "message", "stack")]
        thrown = Thrown(*[text.decode("utf-8", "replace") for text in texts])
        made = thrown.as_guest_error()
        made.stack = thrown.stack
        return made

    def exception(self) -> int:
        """Return the pending exception, and clear it in the context."""
        return self.c("JS_GetException")
