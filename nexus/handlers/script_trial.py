"""What happens once for a JavaScript handler that is evaluated for every request, in the compiler's
child: the web API becomes bytecode, and the handler is loaded to see whether it can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from nexus.errors import CompilationError, GuestError, NexusError
from nexus.guest.js import prelude_source
from nexus.guest.js.bundle import Bundle
from nexus.guest.js.errors import answered_error, locate
from nexus.guest.js.evaluated import EvaluatedGuest
from nexus.guest.js.evaluation import ENTRY, HANDLER, WEB, Given, Kind
from nexus.guest.js.outcome import ERROR, LOADED, NO_TIME, PENDING, REACHABLE, UNUSABLE
from nexus.guest.js.setup import NEEDED, UNSETTLED
from nexus.guest.wasi.descriptors import CappedOutput
from nexus.handlers.script_setup import start
from nexus.model import Compiled
from nexus.protocols import Engine


def compile_web(engine: Engine, runtime: Compiled) -> bytes:
    """The web API as bytecode of *runtime*. Raises: CompilationError."""
    files = {ENTRY: prelude_source.entry(), WEB: prelude_source.both()}
    return _ask(engine, runtime, Kind.COMPILE, files, "the web API")


def try_out(engine: Engine, runtime: Compiled, web: bytes, bundle: Bundle, key: str) -> Compiled:
    """*runtime* under *key*, its artifact the packed files of which an evaluation is made.

    *web*: from `compile_web`. Raises: CompilationError.
    """
    module = f"import * as handler from {json.dumps(bundle.entry)}; export {{ handler }};"
    files = {
        **bundle.files,
        ENTRY: prelude_source.entry(),
        HANDLER: module.encode(),
        WEB: web,
    }
    answer = _ask(engine, runtime, Kind.LOAD, files, bundle.entry)
    if answer != LOADED:
        raise _refusal(answer, bundle)
    packed = Bundle(bundle.entry, files).pack()
    return replace(runtime, key=key, module_key=runtime.key, artifact=packed)


def _ask(
    engine: Engine, runtime: Compiled, kind: Kind, files: Mapping[str, bytes], name: str
) -> bytes:
    guest = EvaluatedGuest()
    instance, run = start(engine, runtime, guest.functions())
    try:
        return guest.ask(instance, Given(kind), files, run, CappedOutput(run, 0))[0]
    except GuestError as error:
        said = run.stderr.decode("utf-8", "replace").strip()
        reason: NexusError = run.stopped or error
        detail = f" ({said})" if said else ""
        raise CompilationError(f"{name}: while it was loaded: {reason}{detail}") from error


def _refusal(answer: bytes, bundle: Bundle) -> CompilationError:
    if answer.startswith(ERROR):
        return CompilationError(locate(answered_error(answer), bundle.files))
    if answer == PENDING:
        return CompilationError(f"{bundle.entry}: {UNSETTLED}")
    if answer == UNUSABLE:
        hint = "; with this build of QuickJS a script cannot be run" if bundle.is_text else ""
        return CompilationError(f"{bundle.entry}: {NEEDED}{hint}")
    if not answer.startswith(REACHABLE):
        return CompilationError(f"{bundle.entry}: while it was loaded: {NO_TIME}")
    name = json.loads(answer)["reachable"]
    return CompilationError(
        f"this build of QuickJS cannot be used: handlers could import its module {name!r}"
    )
