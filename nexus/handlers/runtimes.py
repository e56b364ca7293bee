"""Which build of QuickJS runs JavaScript, and how it is entered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nexus.errors import CompilationError, InvalidHandler, InvalidModule
from nexus.guest.js.runtime import ADDRESSED, FUNCTIONS, load_runtime, read_own_runtime
from nexus.guest.recognition import check_imports
from nexus.handlers.modules import Module
from nexus.model import FuncType, ModuleInfo
from nexus.wasm.name_section import find_functions, find_slots

EVALUATED = "js-evaluated"

_ENTRANCES = {
    "_initialize": FuncType(),
    "malloc": FuncType(("i32",), ("i32",)),
    "qjs_init_argv": FuncType(("i32", "i32"), ("i32",)),
}


def pinned_runtime() -> Module:
    """The build that Nexus comes with. Raises: EngineUnavailable."""
    return Module(load_runtime(), functions=FUNCTIONS, abi="js")


def runtime_of(path: str, sha256: str) -> Callable[[], Module]:
    """What gives the build that the settings name; *path* empty: the pinned one.

    Raises: ConfigError where the file is not what they say.
    """
    if not path:
        return pinned_runtime
    module = _own_runtime(read_own_runtime(Path(path), sha256))
    return lambda: module


def _own_runtime(content: bytes) -> Module:
    """Entered by names like the pinned one if it has them all, else evaluated for each request."""
    try:
        find_functions(content, FUNCTIONS)
        find_slots(content, list(find_functions(content, ADDRESSED).values()))
    except InvalidModule:
        return Module(content, abi=EVALUATED)
    return Module(content, functions=FUNCTIONS, abi="js")


def check_reactor(info: ModuleInfo) -> None:
    """Raises: CompilationError where no evaluation can be had from the module of *info*."""
    exports = {export.name: export.type for export in info.exports}
    lacking = [name for name, found in _ENTRANCES.items() if exports.get(name) != found]
    if lacking or not info.has_memory:
        raise CompilationError(
            "javascript_runtime: not a WASI reactor of QuickJS-NG: it lacks the exports "
            f"{', '.join(lacking) or 'memory'}, or they have other types"
        )
    try:
        check_imports(info.imports)
    except InvalidHandler as error:
        raise CompilationError(f"javascript_runtime: {error}") from error
