"""QuickJS from outside: its C functions, called on values that live in guest memory.

A JavaScript value is 64 bits: a tag in the upper half, a number or an address in the lower (what
quickjs.h does where addresses have 32 bits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nexus.errors import GuestTrap, MemoryLimit
from nexus.guest.js.outcome import is_full
from nexus.guest.preview1.memory import U32
from nexus.plugin_api.engine import FUNCTION_PREFIX, EngineInstance

UNDEFINED: Final = 3 << 32
EXCEPTION: Final = 6
OBJECT: Final = -1
"""tags of `JSValue`; an exception says that one is pending in the context"""

PENDING, FULFILLED, REJECTED = range(3)
"""what `JS_PromiseState` returns"""

SCRATCH_BYTES: Final = 16 << 10
_ARGUMENTS_BYTES: Final = 64
"""the start of the scratch area: up to eight arguments, or a length"""
_TEXT_BYTES: Final = SCRATCH_BYTES - _ARGUMENTS_BYTES
_OUT_OF_MEMORY = "no memory is left for the request"


@dataclass(frozen=True)
class Addresses:
    """Where things are in a guest's memory; the same in every instance made from a snapshot."""

    runtime: int
    context: int
    scratch: int
    """`SCRATCH_BYTES` that belong to the host"""


def tag(value: int) -> int:
    """The signed upper half of a value."""
    return value >> 32


def address(value: int) -> int:
    """The lower half of a value."""
    return value & 0xFFFFFFFF


class Interpreter:
    """One QuickJS context in one instance. Values it returns are owned by the caller: an instance
    that is thrown away or reset need not free them."""

    __slots__ = ("_at", "_context", "_instance", "_invoke", "_memory_bytes")

    def __init__(self, instance: EngineInstance, at: Addresses, memory_bytes: int) -> None:
        """*memory_bytes*: what the memory may grow to."""
        self._memory_bytes = memory_bytes
        self._instance, self._invoke = instance, instance.invoke
        self._at, self._context = at, at.context

    def c(self, function: str, *arguments: int) -> int:
        """Call the C function of this name, the context its first argument."""
        return self._invoke(FUNCTION_PREFIX + function, self._context, *arguments)

    def is_full(self) -> bool:
        """Tell whether the memory has nearly grown to where it may."""
        return is_full(self._instance.memory_size(), self._memory_bytes)

    # ---- in ----------------------------------------------------------------------------------

    def place(self, content: bytes) -> int:
        """Put *content* and a NUL behind it into memory; return where.

        A short one lies in the scratch area, until the next.

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
        """Evaluate a script or module whose file is called *name*."""
        place = self.keep(name.encode())
        return self.c("JS_Eval", self.place(source), len(source), place, flags)

    def keep(self, content: bytes) -> int:
        """Put *content* and a NUL behind it into memory of its own; return where.

        Raises: MemoryLimit.
        """
        start = address(self._invoke("malloc", len(content) + 1))
        if not start:
            raise MemoryLimit(_OUT_OF_MEMORY)
        self._instance.memory()[start : start + len(content) + 1] = content + b"\0"
        return start

    def parse_json(self, text: bytes) -> int:
        """The value of a JSON text in UTF-8."""
        start = self.place(text)
        return self.c("JS_ParseJSON", start, len(text), start + len(text))

    def uint8array(self, content: bytes) -> int:
        """A Uint8Array of *content*."""
        return self.c("JS_NewUint8ArrayCopy", self.place(content), len(content))

    # ---- calls -------------------------------------------------------------------------------

    def call(self, function: int, arguments: Sequence[int] = ()) -> int:
        """Call a JavaScript function of at most eight *arguments*."""
        start = self._at.scratch
        if arguments:
            memory = self._instance.memory()
            for number, value in enumerate(arguments):
                at = start + 8 * number
                memory[at : at + 8] = value.to_bytes(8, "little", signed=True)
        return self.c("JS_Call", function, UNDEFINED, len(arguments), start)

    def get(self, value: int, name: str) -> int:
        """The property of an object."""
        return self.c("JS_GetPropertyStr", value, self.place(name.encode()))

    def run_jobs(self) -> None:
        """Run what promises have queued, and what that queues, until nothing is left."""
        invoke, runtime, context = self._invoke, self._at.runtime, self._at.scratch
        while invoke("nexus.fn.JS_ExecutePendingJob", runtime, context):
            pass  # a job that throws (-1) has rejected its promise; the next may run

    def set_module_loader(self, loader: int, check_attributes: int) -> None:
        """Have modules loaded by the C function at *loader*; 0: none can be loaded any more."""
        runtime = self._at.runtime
        name = f"{FUNCTION_PREFIX}JS_SetModuleLoaderFunc2"
        self._invoke(name, runtime, 0, loader, check_attributes, 0)

    # ---- out ---------------------------------------------------------------------------------

    def text(self, value: int) -> bytes:
        """A value as a string, in UTF-8; code units that are half a character as WTF-8 has them.

        Raises: GuestTrap where it has none, or no memory is left.
        """
        length_at = self._at.scratch
        start = address(self.c("JS_ToCStringLen2", length_at, value, 0))
        if not start:
            raise GuestTrap("a result that cannot be made a string")
        memory = self._instance.memory()
        (length,) = U32.unpack_from(memory, length_at)
        content = bytes(memory[start : start + length])
        if len(content) != length:
            raise GuestTrap("a string that lies outside the memory")
        return content

    def exception(self) -> int:
        """Take the exception that is pending in the context."""
        return self.c("JS_GetException")
