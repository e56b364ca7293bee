"""Reads WebAssembly binaries and makes them interruptible: see `rewriter.py` and `names.py`."""

from nexus.wasm.limits import RewriteLimits
from nexus.wasm.rewriter import REWRITER_VERSION, rewrite

__all__ = ["REWRITER_VERSION", "RewriteLimits", "rewrite"]
