"""Checks what runs guests: Python, the engine, its compiler, the languages, the plugins."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator

from nexus.cli.doctor.finding import Finding, error, ok, warning
from nexus.config import Settings
from nexus.engines import create_engine
from nexus.errors import NexusError
from nexus.guest.js import runtime as javascript
from nexus.guest.python import runtime as python
from nexus.plugins import Found, Plugins


def check_python() -> Finding:
    """Check Python's version."""
    found = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.version_info < (3, 11):
        return warning(
            "python",
            f"{found}, which gets no more fixes",
            "take Python 3.11 or newer, with wasmtime, if you need a maintained engine",
        )
    return ok("python", found)


def check_engine(settings: Settings, plugins: Plugins) -> Finding:
    """Make the engine that the settings ask for."""
    factories = plugins.engine_factories()
    try:
        engine = create_engine(settings.engine, settings.compiler, settings.cache_dir, factories)
    except NexusError as wrong:
        return error("engine", str(wrong), "set engine and compiler to auto, or install the engine")
    found = f"{engine.name} with {engine.compiler}"
    if engine.name == "wasmer" and engine.compiler != "llvm" and settings.compiler == "auto":
        return warning(
            "engine",
            f"{found}: LLVM cannot be loaded, and Cranelift's code is slower",
            "NEXUS_COMPILER=llvm nexus doctor says why",
        )
    return ok("engine", found)


def check_languages(settings: Settings) -> Iterator[Finding]:
    """Look for the runtime of each script language."""
    yield _language(
        "javascript",
        f"QuickJS-NG {javascript.VERSION}",
        settings.javascript_runtime,
        javascript.load_runtime,
    )
    yield _language(
        "python handlers", "CPython 3.12 for WASI", settings.python_runtime, python.load_runtime
    )


def _language(subject: str, what: str, own: str, load: Callable[[], bytes]) -> Finding:
    if own:  # checked with the settings
        return ok(subject, f"the build {own}")
    try:
        load()
    except NexusError as wrong:
        return warning(subject, f"not installed: {wrong}", "install it if you need such handlers")
    return ok(subject, what)


def check_plugins(found: list[Found]) -> Iterator[Finding]:
    """Report each plugin that cannot be used."""
    broken = [entry for entry in found if entry.state == "broken"]
    for entry in broken:
        name = entry.candidate.name
        yield error(
            "plugins",
            f"{name}: {entry.problem}",
            f"mend or uninstall it, or set NEXUS_DISABLED_PLUGINS={name}",
        )
    if not broken:
        names = [e.candidate.name for e in found if e.candidate.distribution != "nexus-runtime"]
        yield ok("plugins", ", ".join(names) or "the built-in ones")
