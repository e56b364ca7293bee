"""Reads WebAssembly binaries and makes them interruptible.

format/     reads the binary format, and writes it back byte for byte
metering/   inserts checks and charges into function bodies
rewriting/  assembles the metered module
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from nexus.model import Export, Import, ModuleInfo
from nexus.wasm.format.limits import RewriteLimits

__all__ = ["REWRITER_VERSION", "Check", "RewriteLimits", "rewrite"]

Check: TypeAlias = Callable[[Sequence[Import], Sequence[Export]], object]
"""Gets a module's imports and exports, and raises if the module cannot be used."""

REWRITER_VERSION = 9
"""Part of an artifact's cache key; raise it whenever the output changes"""


def rewrite(
    wasm: bytes,
    limits: RewriteLimits,
    functions: Sequence[str] = (),
    check: Check | None = None,
    *,
    table: bool = False,
    in_place: bool = False,
    import_memory: bool = False,
) -> tuple[bytes, ModuleInfo]:
    """Call `rewriter.rewrite`, imported at the first call: the import takes 40 ms, and workers
    need only the version.

    Raises: InvalidModule.
    """
    from nexus.wasm.rewriting import rewriter

    return rewriter.rewrite(
        *(wasm, limits, functions, check),
        table=table,
        in_place=in_place,
        import_memory=import_memory,
    )
