"""Other builds of QuickJS, made from the pinned one."""

from __future__ import annotations

from nexus.wasm import sections


def stripped(wasm: bytes) -> bytes:
    """*wasm* without its name section, as many toolchains leave it."""
    kept = [section for section in sections.split(wasm) if section.id != sections.CUSTOM]
    return sections.join(wasm[section.start : section.end] for section in kept)
