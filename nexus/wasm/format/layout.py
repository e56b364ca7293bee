"""The index spaces of a module, and the places of the rewriter's additions in them.

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
    """The sizes of the guest's index spaces; filled in as the sections are read, in order."""

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
    """functions entered not only by direct calls: referenced or exported ones, the start"""
    start: int | None = None
    """new index of the guest's start function"""
    host_entered: tuple[int, ...] = ()
    """functions that the host enters by their names, through functions of ours"""

    @property
    def functions(self) -> int:
        return len(self.function_types)

    @property
    def largest_arity(self) -> int:
        """The most parameters and results that one type has."""
        return max((len(t.params) + len(t.results) for t in self.types), default=0)

    @property
    def checkpoint_type(self) -> int:
        """Index of the type (i64) -> (i64)."""
        return len(self.types)

    @property
    def refill_type(self) -> int:
        """Index of the type () -> ()."""
        return len(self.types) + 1

    @property
    def entrance_type(self) -> int:
        """Index of the type (i32, i32, i32, i32, i32) -> (i32)."""
        return len(self.types) + 2

    @property
    def entered_type(self) -> int:
        """Index of the type (i32, i32, i32, i32) -> (i32)."""
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
        """New index of the appended function that calls the start function, if it exists."""
        return self.functions + 2

    @property
    def table_entrance(self) -> int:
        """New index of the appended function that calls a function of table 0; add 1 if the module
        has a start function."""
        return self.functions + 2

    @property
    def host_entrances(self) -> int:
        """New index of the first appended function that calls one of `host_entered`; add 1 each if
        there are a start function and `table_entrance`."""
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
        """Return the new index of the guest's function *index*, which was read at *offset*.

        Raises: InvalidModule if the function does not exist. Unchecked, an index one past the end
        would refer to one of our functions.
        """
        if index >= self.functions:
            raise InvalidModule(
                f"function {index} does not exist; there are {self.functions}", offset
            )
        return index + 1 if index >= self.imported_functions else index

    def encoded(self, index: int, offset: int) -> bytes:
        """Encode the new index of the guest's function *index*; raises as `renumbered` does."""
        return encode_unsigned(self.renumbered(index, offset))

    def entrance(self, index: int, offset: int) -> int:
        """Return the new index of a function that is now entered not only by direct calls."""
        renumbered = self.renumbered(index, offset)
        self.entered.add(index)
        return renumbered

    def reference(self, index: int, offset: int) -> bytes:
        """Encode a function's new index for a reference, through which it may now be called."""
        self.referenced.add(index)
        return encode_unsigned(self.entrance(index, offset))

    def signature(self, index: int) -> FuncType:
        """Return the type of the guest's function *index*, which must exist."""
        return self.types[self.function_types[index]]
