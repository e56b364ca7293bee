"""Sets up a JavaScript handler, once, in the compiler's child.

Every request starts from the snapshot that set-up leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from nexus.errors import (
    CompilationError,
    DeadlineExceeded,
    GuestError,
    MemoryLimit,
    NexusError,
)
from nexus.guest.bundle import Bundle
from nexus.guest.js import outcome
from nexus.guest.js.bridge import Bridge, sleep
from nexus.guest.js.entry import FUNCTIONS, Entry
from nexus.guest.js.errors import locate, own_calls, parse_thrown
from nexus.guest.js.files import FOLDER, SourceFolder, folder_functions
from nexus.guest.js.imports import explain_import
from nexus.guest.js.interpreter import (
    EXCEPTION,
    PENDING,
    REJECTED,
    SCRATCH_BYTES,
    UNDEFINED,
    Addresses,
    Interpreter,
    address,
    tag,
)
from nexus.guest.js.node.needed import globals_source
from nexus.guest.js.runtime import (
    ALLOCATOR,
    CHECK_ATTRIBUTES,
    MODULE_LOADER,
    READ_WRITE,
    REJECTION_TRACKER,
)
from nexus.guest.js.source_maps.places import read_places
from nexus.guest.js.source_maps.separate import separate
from nexus.guest.js.structures.interruption import find_interrupts
from nexus.guest.js.structures.jobs import find_jobs
from nexus.guest.js.structures.rejections import start_tracking, unhandled
from nexus.guest.js.typescript import blank_types, is_typescript
from nexus.guest.js.web import source as sources
from nexus.guest.js.web.parts import parts_for
from nexus.guest.json_text import to_json
from nexus.guest.preview1.descriptors import Descriptor
from nexus.guest.preview1.link import host_functions
from nexus.guest.preview1.process import Process
from nexus.guest.preview1.program import Program
from nexus.plugin_api.engine import FUNCTION_PREFIX, EngineInstance, HostFunctions
from nexus.plugin_api.guest import Run

STACK_BYTES: Final = 256 << 10
"""The stack of JavaScript, enough for about 800 nested calls; beyond, a call throws a RangeError.

QuickJS measures the stack in linear memory. The native stack grows two to four times as fast; both
engine and thread must have room for it.
"""

NEEDED: Final = (
    "needs a default export that is a function, or an object with a function `fetch` (for "
    "requests), `run` (for JSON contexts) or `scheduled` (for schedules), or a listener of the "
    "event `fetch` or `scheduled`"
)
UNSETTLED: Final = "its top-level await waits for a promise that nothing can settle"

_SCRIPT, _MODULE, _COMPILE_ONLY = 0, 1, 1 << 5  # JS_EVAL_TYPE_*, JS_EVAL_FLAG_*
_ASYNC: Final = 1 << 7  # a script may await; it returns a promise of {value}
_WITH_MAGIC: Final = 1  # JS_CFUNC_generic_magic
_READ, _WRITE = 0, 1  # the magic of js_os_read_write


class SetUp:
    """One handler's set-up; `functions` are linked before, `prepare` is called once."""

    def __init__(self, bundle: Bundle, c_functions: Mapping[str, int]) -> None:
        """Set up *bundle*; *c_functions* maps the names in `ADDRESSED` to table slots.

        Raises: CompilationError for TypeScript that is more than JavaScript with types.
        """
        files, maps = separate(bundle.files)
        self._bundle, self._c_functions = replace(bundle, files=files), c_functions
        self._places = read_places(maps)
        self._process = Process()
        self._files = {
            name: blank_types(name, content) if is_typescript(name) else content
            for name, content in files.items()
        }

    def functions(self) -> HostFunctions:
        return host_functions(self._process, folder_functions())

    def prepare(self, instance: EngineInstance, run: Run) -> Entry:
        """Bring *instance*, which is new, to the state in which requests start.

        Raises: CompilationError, naming the faulty place in the source or the limit it met.
        """
        descriptors = Bridge(self._process.services, sets_up=True).open(run, Descriptor())
        descriptors[FOLDER] = SourceFolder(self._files)
        self._process.start(instance, run, Program(), descriptors)
        try:
            return self._prepare(instance, run)
        except GuestError as error:
            raise self._refused(run.stopped or error, error.stack) from error
        finally:
            run.before_stop = None
            self._process.finish()

    def _refused(self, reason: NexusError, stack: str = "") -> CompilationError:
        calls = self._places.translate("\n".join(["", *own_calls(stack)]))
        return CompilationError(f"{self._bundle.entry}: while it was loaded: {reason}{calls}")

    def _prepare(self, instance: EngineInstance, run: Run) -> Entry:
        at = _start(instance)
        js = Interpreter(instance, at, run.limits.memory_bytes)
        bootstrap = self._evaluate(js, sources.bootstrap(), sources.BOOTSTRAP_NAME)
        functions = js.call(bootstrap, [self._c_function(js, magic) for magic in (_READ, _WRITE)])
        prelude = self._evaluate(js, sources.prelude(), sources.PRELUDE_NAME)
        self._called(js, functions, "install", prelude)
        tracker = self._c_functions[REJECTION_TRACKER]
        jobs = find_jobs(instance, js, at.runtime, run)
        rejections = start_tracking(instance, js, at.runtime, tracker)
        interrupts = find_interrupts(
            instance, js, at.runtime, at.context, self._c_functions[ALLOCATOR]
        )
        run.before_stop = partial(interrupts.arm, instance, run)
        for name in parts_for(self._bundle.files.values()):
            self._called(js, functions, "load", js.parse_json(to_json(name)))
        script = self._compile_script(js) if self._bundle.is_text else UNDEFINED
        if script == UNDEFINED:
            self._load_modules(js, functions, run)
            self._refuse_rejections(js, functions, rejections)
        self._called(js, functions, "seal")
        instance.invoke(f"{FUNCTION_PREFIX}JS_RunGC", at.runtime)
        maps = self._places.pack()
        return Entry(
            at.runtime,
            at.context,
            at.scratch,
            script,
            rejections,
            js.keep(maps) if maps else 0,
            len(maps),
            *interrupts,
            jobs,
            *[js.get(functions, name) for name in FUNCTIONS],
        )

    def _c_function(self, js: Interpreter, magic: int) -> int:
        name = js.keep(b"call")
        function = self._c_functions[READ_WRITE]
        return js.c("JS_NewCFunction2", function, name, 4, _WITH_MAGIC, magic)

    def _evaluate(self, js: Interpreter, source: bytes, name: str) -> int:
        """Evaluate one of Nexus's own scripts."""
        value = js.evaluate(source, name, _SCRIPT)
        if tag(value) == EXCEPTION:
            raise CompilationError(f"{name}: {js.text(js.exception()).decode()}")
        return value

    def _called(self, js: Interpreter, functions: int, name: str, *arguments: int) -> int:
        """Call the function *name* of `bootstrap.js`; return its value."""
        value = js.call(js.get(functions, name), arguments)
        if tag(value) == EXCEPTION:
            error = js.exception()
            stack = js.text(js.get(error, "stack")).decode()
            raise CompilationError(f"{name}: {js.text(error).decode()}\n{stack}")
        return value

    # ---- the handler's own code --------------------------------------------------------------

    def _compile_script(self, js: Interpreter) -> int:
        """Return the source text as a script's bytecode, or `UNDEFINED` if it is not a script.

        A module that exports something is never a script. If the text is neither, loading it as a
        module reports the error.
        """
        source = self._bundle.files[self._bundle.entry]
        script = js.evaluate(source, self._bundle.entry, _SCRIPT | _ASYNC | _COMPILE_ONLY)
        if tag(script) != EXCEPTION:
            return script
        js.exception()
        return UNDEFINED

    def _load_modules(self, js: Interpreter, functions: int, run: Run) -> None:
        loader, check = (self._c_functions[name] for name in (MODULE_LOADER, CHECK_ATTRIBUTES))
        js.set_module_loader(loader, check)
        prologue = globals_source(self._bundle.files.values())
        if prologue is not None:
            self._settle(js, functions, js.evaluate(prologue, "nexus:globals", _MODULE), run)
        source = self._files[self._bundle.entry]
        module = js.evaluate(source, self._bundle.entry, _MODULE | _COMPILE_ONLY)
        if tag(module) == EXCEPTION:
            raise self._thrown(js, functions, js.exception())
        js.c("js_module_set_import_meta", module, 0, 1)
        promise = js.c("JS_EvalFunction", module)
        if run.stopped is not None:
            js.checked(promise)
        if tag(promise) == EXCEPTION:
            raise self._thrown(js, functions, js.exception())
        self._settle(js, functions, promise, run)
        js.set_module_loader(0, 0)
        names = js.c("JS_GetModuleNamespace", address(module))
        handler = js.get(names, "default")
        if js.text(self._called(js, functions, "adopt", handler)) != b"true":
            raise CompilationError(f"{self._bundle.entry}: {NEEDED}")

    def _refuse_rejections(self, js: Interpreter, functions: int, rejections: int) -> None:
        """Refuse a handler that has rejected a promise that nothing handles."""
        for found in unhandled(js.memory(), rejections):
            error = self._thrown(js, functions, found.reason)
            raise CompilationError(f"{error}\nIt rejected a promise that nothing handles.")

    def _settle(self, js: Interpreter, functions: int, promise: int, run: Run) -> None:
        """Run jobs and timers until the module has been evaluated."""
        while True:
            js.run_jobs(run)
            state = js.c("JS_PromiseState", promise)
            if state == REJECTED:
                error = js.c("JS_PromiseResult", promise)
                raise self._thrown(js, functions, error)
            if state != PENDING:
                return
            waits = js.text(self._called(js, functions, "unsettled"))
            if waits == outcome.PENDING:
                raise CompilationError(f"{self._bundle.entry}: {UNSETTLED}")
            if not sleep(run, outcome.wait_s(waits)):
                raise self._refused(DeadlineExceeded("its top-level await takes too long"))
            self._called(js, functions, "wake")

    def _thrown(self, js: Interpreter, functions: int, error: int) -> CompilationError:
        thrown = parse_thrown(js.text(self._called(js, functions, "describe", error)))
        stopped = self._process.run.stopped
        if stopped is not None:  # QuickJS was interrupted
            thrown = thrown._replace(name="", message=f"while it was loaded: {stopped}")
        failed = explain_import(thrown.message, self._bundle)
        return CompilationError(failed or locate(thrown, self._bundle.files, self._places))


def _start(instance: EngineInstance) -> Addresses:
    """Make a runtime and a context with only the language itself: no `std`, no `os`."""
    instance.call("_initialize")
    runtime = instance.invoke(f"{FUNCTION_PREFIX}JS_NewRuntime")
    instance.invoke(f"{FUNCTION_PREFIX}JS_SetMaxStackSize", runtime, STACK_BYTES)
    context = instance.invoke(f"{FUNCTION_PREFIX}JS_NewContext", runtime)
    scratch = instance.invoke("malloc", SCRATCH_BYTES)
    if not (runtime and context and scratch):
        raise MemoryLimit("not even the JavaScript engine fits into the handler's memory")
    return Addresses(runtime, context, scratch)
