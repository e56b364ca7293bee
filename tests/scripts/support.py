"""JavaScript handlers as the product runs them, but set up in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nexus.guest.bundle import Bundle
from nexus.guest.js.runtime import FUNCTIONS, load_runtime
from nexus.model import Handler, Limits
from nexus.plugin_api.abi import Module
from tests.set_up import ENGINES, InProcess

__all__ = ["ENGINES", "LIMITS", "Scripts"]

LIMITS = Limits(timeout_s=5.0, cpu_timeout_s=5.0, memory_bytes=16 << 20)


class Scripts(InProcess):
    """One engine, QuickJS compiled for it, and the data path."""

    def __init__(self, engine: str, folder: Path) -> None:
        module = Module(load_runtime(), functions=FUNCTIONS)
        super().__init__(engine, folder, "js", module, LIMITS)

    def handler(self, files: str | Mapping[str, str], **fields: Any) -> Handler:
        """Set up the handler with this source; of several files the first is the entry."""
        named = {"hello.js": files} if isinstance(files, str) else files
        bundle = Bundle(next(iter(named)), {name: text.encode() for name, text in named.items()})
        return self.set_up(bundle.pack(), **fields)

    def text(self, source: str, **fields: Any) -> Handler:
        """Set up the handler that is this source text."""
        bundle = Bundle("source.js", {"source.js": source.encode()}, True)
        return self.set_up(bundle.pack(), **fields)
