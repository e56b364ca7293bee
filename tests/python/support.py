"""Python handlers as the product runs them, but set up in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nexus.guest.bundle import Bundle
from nexus.guest.python.runtime import load_runtime
from nexus.guest.python.sources import with_zones
from nexus.model import Handler, Limits
from nexus.plugin_api.abi import Module
from tests.set_up import InProcess

LIMITS = Limits(timeout_s=20.0, cpu_timeout_s=20.0, memory_bytes=48 << 20)


class Pythons(InProcess):
    """One engine, CPython compiled for it, and the data path."""

    def __init__(self, engine: str, folder: Path) -> None:
        module = Module(load_runtime(), table=True)
        super().__init__(engine, folder, "python", module, LIMITS)

    def handler(self, files: str | Mapping[str, str | bytes], **fields: Any) -> Handler:
        """Set up the handler with this source; of several files the first is the one loaded."""
        named = {"hello.py": files} if isinstance(files, str) else files
        content = {n: c.encode() if isinstance(c, str) else c for n, c in named.items()}
        return self.set_up(with_zones(Bundle(next(iter(named)), content)).pack(), **fields)

    def text(self, source: str, **fields: Any) -> Handler:
        """Set up the handler that is this source text."""
        bundle = Bundle("source.py", {"source.py": source.encode()}, is_text=True)
        return self.set_up(with_zones(bundle).pack(), **fields)
