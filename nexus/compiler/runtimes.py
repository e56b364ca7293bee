"""Which build of QuickJS runs JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nexus.compiler.modules import Module
from nexus.errors import ConfigError, InvalidModule
from nexus.guest.js.runtime import ADDRESSED, FUNCTIONS, load_runtime, read_own_runtime
from nexus.wasm.format.name_section import find_functions, find_slots


def pinned_runtime() -> Module:
    """Return the build that Nexus comes with. Raises: EngineUnavailable."""
    return Module(load_runtime(), functions=FUNCTIONS, abi="js")


def runtime_of(path: str, sha256: str) -> Callable[[], Module]:
    """Return what gives the build that the settings name; *path* empty: the pinned one.

    Raises: ConfigError where the file is not what they say, or lacks the names of functions that
        Nexus calls.
    """
    if not path:
        return pinned_runtime
    content = read_own_runtime(Path(path), sha256)
    try:
        find_functions(content, FUNCTIONS)
        find_slots(content, list(find_functions(content, ADDRESSED).values()))
    except InvalidModule as error:
        raise ConfigError(
            [
                f"javascript_runtime: {path} cannot be entered: {error.reason}; allowed: a build "
                "of QuickJS-NG for WASI whose name section names the functions of its C API"
            ]
        ) from error
    module = Module(content, functions=FUNCTIONS, abi="js")
    return lambda: module
