"""Reads WebAssembly's text format, and writes the metered module for people to look at."""

from __future__ import annotations

from nexus.errors import InvalidModule
from nexus.model import ModuleInfo
from nexus.plugin_api.abi import Module
from nexus.plugin_api.engine import Engine, ProvidesMemory
from nexus.wasm import Check, RewriteLimits, rewrite


def to_wasm(text: bytes, engine: Engine) -> bytes:
    """Assemble a module in the text format. Raises: InvalidModule."""
    try:
        return engine.wat_to_wasm(text.decode())
    except UnicodeDecodeError as error:
        raise InvalidModule("the text is not UTF-8", error.start) from error


def metered(
    module: Module,
    engine: Engine,
    pages: int,
    check: Check | None = None,
    *,
    own_memory: bool = False,
) -> tuple[bytes, ModuleInfo]:
    """Return *module* as compiled for up to *pages* of memory, metered and clamped, and the facts
    about it. *check* gets its imports and exports before any code is read, and may raise.
    *own_memory*: it imports no memory even for an engine that provides one, so others can run it.

    Raises: InvalidModule.
    """
    wasm = to_wasm(module.source, engine) if module.is_text else module.source
    limits = RewriteLimits(memory_pages=pages)
    return rewrite(
        *(wasm, limits, module.functions, check),
        table=module.table,
        in_place=engine.compiler == "cranelift",
        import_memory=(
            not own_memory and isinstance(engine, ProvidesMemory) and engine.provides_memory
        ),
    )
