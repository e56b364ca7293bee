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
    """One import that the guest declared (ours are left out). *type* is for functions only."""

    module: str
    name: str
    kind: str
    """`func`, `table`, `memory` or `global`"""
    type: FuncType | None = None


@dataclass(frozen=True)
class Export:
    """One export that the guest declared (ours are left out). *type* is for functions only."""

    name: str
    kind: str
    type: FuncType | None = None


@dataclass(frozen=True)
class MutableGlobal:
    """A mutable global that the rewriter exported so that a reset can restore it."""

    export: str
    """reserved export name, `nexus.global.N`"""
    type: str


@dataclass(frozen=True)
class ModuleInfo:
    """Facts about a rewritten module; stored as JSON in its artifact."""

    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    memory_min_pages: int
    """0 if the module has no memory"""
    memory_max_pages: int
    """after clamping"""
    has_memory: bool
    mutable_globals: tuple[MutableGlobal, ...]
    reset_blocker: str | None
    """why restoring memory and globals would miss some state; None if it misses nothing"""
    has_start: bool
    functions: int
    """functions defined in the module"""
    frame_bytes: int
    """the most native stack that one call may take"""
    uncounted_frames: int
    """how many frames there may be beyond the counted ones"""
