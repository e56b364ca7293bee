"""Engines: compile, load, instantiate, call. Foreign errors become ours here and nowhere else.

wasmer.py       the engine on CPython 3.10, with LLVM or Cranelift
wasmtime.py     the engine on CPython 3.11 and newer
wasmtime_direct.py  wasmtime's C API on values prepared once
wasmtime_library.py its functions
wasmtime_trial.py   finds out whether this wasmtime is as they expect
wasmtime_host.py    host functions, called with raw values
wasmtime_public.py  the same through the public API, for a wasmtime build that differs
wasmtime_slots.py  slots for instances, which wasmtime uses again
zeros.py        makes the memory of an ended instance zeros
llvm_wheel.py   makes wasmer's LLVM wheel loadable
frames.py       measures the native stack that one frame of a compiled module takes
traps.py        the same trap names for all engines
child_python.py  child processes that import nothing from the working folder
cpu.py          which machines can run an artifact
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nexus.errors import ConfigError, EngineUnavailable, InternalError
from nexus.plugin_api.engine import Engine, EngineFactory

__all__ = ["BUILT_IN", "create_engine", "unfit_compiler", "unknown_engine"]

log = logging.getLogger("nexus.engines")


def create_engine(
    name: str,
    compiler: str,
    cache_dir: Path,
    factories: Mapping[str, EngineFactory] | None = None,
) -> Engine:
    """Make the engine called *name* (`auto`, or one of *factories*, which are the built-in ones by
    default) with *compiler* (`auto`, `llvm`, `cranelift`).

    `auto` takes wasmer where it imports, else wasmtime; LLVM where it loads, else Cranelift.

    Raises: EngineUnavailable, saying what to install; ConfigError for an unknown engine.
    """
    known = BUILT_IN if factories is None else factories
    name = _resolved(name, known)
    if wrong := unknown_engine(name, known):
        raise ConfigError([f"engine: found {name!r}, {wrong}"])
    engine = known[name](compiler, cache_dir)
    if engine.name != name:  # the compiler's child finds the engine by this name
        raise InternalError(f"the engine made as {name!r} calls itself {engine.name!r}")
    return engine


def unknown_engine(name: object, known: Collection[str]) -> str | None:
    """Return the allowed names if no engine has this *name*, else None."""
    if name == "auto" or name in known:
        return None
    return f"allowed: {', '.join(['auto', *sorted(known)])}"


def unfit_compiler(engine: object, compiler: object, known: Collection[str]) -> str | None:
    """Return the allowed compilers if the engine called *engine* lacks *compiler*, else None."""
    if _resolved(engine, known) == "wasmtime" and compiler == "llvm":
        return "allowed with engine wasmtime: auto, cranelift"
    return None


def _resolved(name: Any, known: Collection[str]) -> Any:
    """Return the engine that `auto` stands for; any other name unchanged."""
    if name != "auto":
        return name
    return "wasmer" if _wasmer_imports() and "wasmer" in known else "wasmtime"


def _wasmtime(compiler: str, cache_dir: Path) -> Engine:
    if wrong := unfit_compiler("wasmtime", compiler, BUILT_IN):
        raise ConfigError([f"compiler: found {compiler!r}, {wrong}"])
    if importlib.util.find_spec("wasmtime") is None:
        raise EngineUnavailable("wasmtime is not installed: pip install wasmtime")
    from nexus.engines.wasmtime import WasmtimeEngine

    return WasmtimeEngine()


def _wasmer_imports() -> bool:
    # On 3.11 and newer pip installs a stub of wasmer that raises ImportError (fact 1).
    return sys.version_info < (3, 11) and importlib.util.find_spec("wasmer") is not None


def _wasmer(compiler: str, cache_dir: Path) -> Engine:
    if not _wasmer_imports():
        raise EngineUnavailable(
            "wasmer needs CPython 3.10 and `pip install wasmer==1.1.0`; "
            f"this is CPython {sys.version_info.major}.{sys.version_info.minor}. "
            "Use engine wasmtime here, or run Nexus on 3.10"
        )
    from nexus.engines.wasmer import WasmerEngine

    if compiler != "auto":
        return WasmerEngine(compiler, cache_dir)
    try:
        return WasmerEngine("llvm", cache_dir)
    except EngineUnavailable as error:
        log.warning("%s; using Cranelift, whose code is slower", error)
        return WasmerEngine("cranelift", cache_dir)


BUILT_IN: Mapping[str, EngineFactory] = {"wasmer": _wasmer, "wasmtime": _wasmtime}
"""Engines that need no plugin"""
