"""WebAssembly modules, as far as other parts need to know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FuncType:
    """A function signature in the text format's type names (`i32`, `i64`, `f32`, `f64`, `v128`,
    `funcref`, `externref`)."""

    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class Import:
    """One import as the guest declared it (ours is not listed). *type* only for functions."""

    module: str
    name: str
    kind: str
    """`func`, `table`, `memory` or `global`"""
    type: FuncType | None = None


@dataclass(frozen=True)
class Export:
    """One export as the guest declared it (ours are not listed). *type* only for functions."""

    name: str
    kind: str
    type: FuncType | None = None


@dataclass(frozen=True)
class MutableGlobal:
    """A mutable global the rewriter exported so that a reset can restore it."""

    export: str
    """reserved export name, `nexus.global.N`"""
    type: str


@dataclass(frozen=True)
class ModuleInfo:
    """What is known of a rewritten module; travels as JSON with its artifact."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    memory_min_pages: int
    """0 where the module has no memory"""
    memory_max_pages: int
    """after clamping"""
    has_memory: bool
    mutable_globals: tuple[MutableGlobal, ...]
    reset_blocker: str | None
    """why restoring memory and globals would not restore everything; None if it would"""
    has_start: bool
    functions: int
    """functions defined in the module"""
    frame_bytes: int
    """native stack that a call may take at most"""
    uncounted_frames: int
    """how many more frames there may be than were counted"""
