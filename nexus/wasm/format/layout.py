"""The index spaces of a module, and where the rewriter's own additions lie in them.

A module's own types and globals keep their indices, since ours come last. Its imported functions
do too; our import follows them, so the functions it defines move up by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nexus.errors import InvalidModule
from nexus.model import FuncType
from nexus.wasm.format.leb128 import encode_unsigned


@dataclass(slots=True)
class Layout:
    """Sizes of the guest's index spaces; filled in as the sections are read, in their order."""

    types: list[FuncType] = field(default_factory=list)
    imported_functions: int = 0
    function_types: list[int] = field(default_factory=list)
    """type index of each function, imported ones first"""
    tables: int = 0
    memories: int = 0
    globals: int = 0
    referenced: set[int] = field(default_factory=set)
    """functions that tables and references may hold"""
    entered: set[int] = field(default_factory=set)
    """functions that others than direct calls may enter: referenced or exported ones, the start"""
    start: int | None = None
    """new index of the guest's start function"""

    @property
    def functions(self) -> int:
        return len(self.function_types)

    @property
    def largest_arity(self) -> int:
        """Parameters and results of the type that has most of them."""
        return max((len(t.params) + len(t.results) for t in self.types), default=0)

    @property
    def checkpoint_type(self) -> int:
        """(i64) -> (i64)"""
        return len(self.types)

    @property
    def refill_type(self) -> int:
        """() -> ()"""
        return len(self.types) + 1

    @property
    def entrance_type(self) -> int:
        """(i32, i32, i32, i32, i32) -> (i32)"""
        return len(self.types) + 2

    @property
    def entered_type(self) -> int:
        """(i32, i32, i32, i32) -> (i32)"""
        return len(self.types) + 3

    @property
    def checkpoint(self) -> int:
        """New index of the imported host function."""
        return self.imported_functions

    @property
    def refill(self) -> int:
        """New index of the appended function that calls the host."""
        return self.functions + 1

    @property
    def start_wrapper(self) -> int:
        """New index of the appended function that calls the start function, if there is one."""
        return self.functions + 2

    @property
    def table_entrance(self) -> int:
        """New index of the appended function that calls a function of table 0, in a module without
        a start function; one more with it."""
        return self.functions + 2

    @property
    def fuel(self) -> int:
        """Index of the appended global."""
        return self.globals

    @property
    def depth(self) -> int:
        """Index of the appended global that counts frames."""
        return self.globals + 1

    def renumbered(self, index: int, offset: int) -> int:
        """Give the new index of the guest's function *index*, which was read at *offset*.

        Raises: InvalidModule if there is no such function. Unchecked, an index one past the end
        would come to mean a function of ours.
        """
        if index >= self.functions:
            raise InvalidModule(
                f"function {index} does not exist; there are {self.functions}", offset
            )
        return index + 1 if index >= self.imported_functions else index

    def encoded(self, index: int, offset: int) -> bytes:
        """Encode the new index of the guest's function *index*; raises as `renumbered`."""
        return encode_unsigned(self.renumbered(index, offset))

    def entrance(self, index: int, offset: int) -> int:
        """As `renumbered`, where not only direct calls enter the function from now on."""
        renumbered = self.renumbered(index, offset)
        self.entered.add(index)
        return renumbered

    def reference(self, index: int, offset: int) -> bytes:
        """As `encoded`, where the function may be called through the reference from now on."""
        self.referenced.add(index)
        return encode_unsigned(self.entrance(index, offset))

    def signature(self, index: int) -> FuncType:
        """Type of the guest's function *index*, which must exist."""
        return self.types[self.function_types[index]]
