"""Runs once in the guest, before the snapshot: loads the handler, then parks where requests enter.

CPython for WASI runs this file as its command, inside the guest. The host writes the handler's
files to stdin as JSON, and reads the address of `enter` from stdout. From then on every request is
one call of `enter`, from the same state.
"""

import gc
import importlib
import json
import os
import sys
import time
import traceback


class _Modules:
    """Finds and loads Nexus's own modules."""

    def __init__(self, sources):
        self._sources = sources

    def find_spec(self, name, path=None, target=None):
        if name not in self._sources:
            return None
        return importlib._bootstrap.ModuleSpec(name, self, origin=f"<{name}>")

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(compile(self._sources[name], f"<{name}>", "exec"), module.__dict__)


def _foresee():
    """Do what requests would do anew each: import modules, and read lines for tracebacks."""
    import linecache

    for code in IMPORTER.codes:
        ahead.import_within(code)
    for file, content in TREE.files.items():
        if file.endswith(".py") and not file.startswith(files.PACKAGES):
            ahead.import_for(content)
            text = content.decode("utf-8-sig")
            lines = len(text), None, text.splitlines(keepends=True), file
            linecache.cache[file] = linecache.cache[f"/{file}"] = lines


def _frames(trace):
    """Return the lines for the handler's own frames in *trace*.

    Of a deep recursion only the outermost and the innermost frames: Python takes 30 us to describe
    one, and a recursion without a limit has hundreds of thousands.
    """
    depth, inner = 0, trace
    while inner is not None:
        depth, inner = depth + 1, inner.tb_next
    between = depth - OUTERMOST - INNERMOST
    if between <= 0:
        return _own(traceback.extract_tb(trace))
    inner = trace
    for _ in range(depth - INNERMOST):
        inner = inner.tb_next
    outer = _own(traceback.extract_tb(trace, OUTERMOST))
    return f"{outer}  [{between} frames left out]\n{_own(traceback.extract_tb(inner))}"


def _own(frames):
    own = []
    for frame in frames:
        name = frame.filename.removeprefix("/")
        if name in TREE.files:
            frame.filename = name
            own.append(frame)
    return "".join(traceback.format_list(own))


def _trace(error):
    """Return a traceback with the handler's own frames, and the error in one line."""
    text = _frames(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        error.filename = error.filename.removeprefix("/")
    last = "".join(traceback.format_exception_only(error)).rstrip()
    return (f"Traceback (most recent call last):\n{text}{last}" if text else last), last


def _failed(error):
    try:
        return _described(error)
    except MemoryError:
        error.__traceback__ = None  # frees the frames, which may have taken all memory
        kind = type(error).__name__
        return {"error": {"type": kind, "message": kind, "trace": kind}}


def _described(error):
    trace, last = _trace(error)
    found = {"type": type(error).__name__, "message": last[:2000], "trace": trace[:20000]}
    if isinstance(error, host.PermissionDenied):
        found["denied"] = str(error)
    return {"error": found}


def _write(content):
    if OUT is None:  # while warming up
        return
    written = os.write(OUT, content)
    while written < len(content):
        written += os.write(OUT, content[written:])


def _read_all():
    if REQUEST is not None:  # while warming up
        return REQUEST
    parts = [os.read(0, _PART_BYTES)]
    while len(parts[-1]) == _PART_BYTES:  # the host gives as much as it has
        parts.append(os.read(0, _PART_BYTES))
    return b"".join(parts)


def enter():
    """Answer the request on stdin: a line of JSON, then its body. Never raises."""
    body = b""
    try:
        line, _, content = _read_all().partition(b"\n")
        head = DECODE(line)
        if head["env"]:
            os.environ.update(head["env"])
        reseed()
        later.allowed = head["kind"] in ("http", "wsgi", "scheduled")
        stream.allowed = "stream" in head
        answer, body = SERVE[head["kind"]](head, content)
    except BaseException as error:
        answer, body = _failed(error), b""
        sys.stdout.flush()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        if later.works and "error" not in answer:
            if not stream.begun:
                os.write(OUT, b"\1" + ENCODE(answer).encode() + b"\n" + body)
            later.finish(_trace)
        else:
            _write(ENCODE(answer).encode() + b"\n" + body)
    except BaseException as error:
        _write(json.dumps(_failed(error)).encode() + b"\n")


def _warm_up():
    """Serve requests with idle handlers, before the snapshot.

    The interpreter specialises code that has run a few times; without this, each request would
    specialise it anew.
    """
    global OUT, SERVE, REQUEST
    kept = OUT, SERVE
    rounds = (
        (
            calls.serving(calls.Idle),
            b'{"kind":"http","method":"GET","url":"http://h/p",'
            b'"headers":[["host","h"]],"env":{}}\n{"a": 1}',
        ),
        (calls.serving(calls.Idle), b'{"kind":"context","env":{},"context":{}}\n'),
        (calls.serving(calls.IdleApp), b'{"kind":"wsgi","env":{},"meta":{"A":"b"}}\n'),
    )
    if "nexus_loop" in sys.modules:
        rounds += ((calls.serving(calls.IdleAsync), rounds[0][1]),)
    for serve, request in rounds:
        OUT, SERVE, REQUEST = None, serve, request
        for _ in range(64):
            enter()
    (OUT, SERVE), REQUEST = kept, None
    if "nexus_loop" in sys.modules:
        calls.loop().make_ready()


def _park():
    """Write the address of `enter`, then park: in the last call the host takes the snapshot."""
    _write(b"ENTER %d %d\n" % (id(enter), ("wsgi" in SERVE) | CAN_DEFER << 1))
    time.clock_getres(time.CLOCK_MONOTONIC)


def _load(main, is_text):
    """Load the handler from its first file; return whether its executions can be deferred."""
    module = None
    if is_text:
        import nexus_script

        module = nexus_script.load(TREE.files[main], main)
    if module is None:
        module = importlib.import_module(imports.MAIN)
    SERVE.update(calls.serving(module))
    _foresee()
    return calls.can_defer(module)


def _take(size):
    parts = []
    while size and (part := os.read(0, size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


_PART_BYTES = 1 << 16
OUTERMOST, INNERMOST = 20, 100
OUT = 1
REQUEST = None
SERVE = {}
CAN_DEFER = False
given = json.loads(_take(int(_take(8), 16)))
sys.meta_path.insert(0, _Modules(given["modules"]))
gc.disable()  # until the handler runs: what Nexus makes here stays
import nexus_adapt as adapt  # noqa: E402
import nexus_ahead as ahead  # noqa: E402
import nexus_calls as calls  # noqa: E402
import nexus_files as files  # noqa: E402
import nexus_host as host  # noqa: E402
import nexus_http as http  # noqa: E402
import nexus_import as imports  # noqa: E402
import nexus_json as own_json  # noqa: E402
import nexus_later as later  # noqa: E402
import nexus_log as log  # noqa: E402
import nexus_missing as missing  # noqa: E402
import nexus_random as randoms  # noqa: E402
import nexus_stream as stream  # noqa: E402

reseed, ENCODE, DECODE = randoms.reseed, own_json.encode, own_json.loads
stream.encode = ENCODE
sys.stdout, sys.stderr = log.Log(2), log.Log(2)
TREE = files.Tree({name: _take(size) for name, size in given["files"]})
for module in (adapt, log, missing, randoms, http):
    module.install()
adapt.when_imported("asyncio", calls.loop)
files.install(TREE)
IMPORTER = imports.Importer(TREE, given["main"])
sys.meta_path.insert(0, IMPORTER)
gc.enable()
try:
    CAN_DEFER = _load(given["main"], given["is_text"])
except BaseException as error:
    _write(b"FAILED " + json.dumps(_failed(error)).encode() + b"\n")
else:
    _warm_up()
    bytearray(given["headroom"])  # freed at once: later requests need not grow the memory
    gc.collect()
    gc.freeze()  # the collector skips these objects from now on
    _park()
