"""Runs once in the guest, before the snapshot: loads the handler, then parks where requests enter.

CPython for WASI runs this file as its command, inside the guest. The host writes the handler's
files to stdin as JSON, and reads the address of `enter` from stdout. From then on every request is
one call of `enter`, from the same state.
"""

import gc
import importlib
import json
import marshal
import os
import sys
import time


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
    if IMPORTER.mentions_idna:
        importlib.import_module("encodings.idna")
    for file, content in TREE.files.items():
        if file.endswith(".py") and not file.startswith(files.PACKAGES):
            ahead.import_for(content)
            text = content.decode("utf-8-sig")
            lines = len(text), None, text.splitlines(keepends=True), file
            linecache.cache[file] = linecache.cache[f"/{file}"] = lines


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
    """Answer the request on stdin: head and body as marshal writes them, or JSON. Never raises."""
    body = b""
    try:
        given = _read_all()
        if given[0] == _BRACE:
            head, content = DECODE(given), b""
            later.allowed = False
        else:
            head, content = marshal.loads(given)
            later.allowed = True
        if head["env"]:
            os.environ.update(head["env"])
        reseed()
        stream.allowed = "stream" in head
        answer, body = SERVE[head["kind"]](head, content)
    except BaseException as error:
        answer, body = traces.failed(error), b""
        sys.stdout.flush()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        if type(answer) is dict:
            waits = later.works and "error" not in answer
            answer = HEAD(answer)
        else:
            waits = later.works
        if waits:
            if not stream.begun:
                os.write(OUT, b"\1" + answer + b"\n" + body)
            later.finish(traces.trace)
        else:
            _write(answer + b"\n" + body)
    except BaseException as error:
        _write(json.dumps(traces.failed(error)).encode() + b"\n")


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
            marshal.dumps(
                (
                    {
                        "kind": "http",
                        "method": "GET",
                        "url": "http://h/p",
                        "headers": [["host", "h"]],
                        "env": {},
                    },
                    b'{"a": 1}',
                )
            ),
        ),
        (calls.serving(calls.Idle), b'{"kind":"context","env":{},"context":{}}'),
        (
            calls.serving(calls.IdleApp),
            marshal.dumps(({"kind": "wsgi", "env": {}, "meta": "A\0b"}, b"")),
        ),
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

        module = nexus_script.load(TREE.read(main), main)
    if module is None:
        module = importlib.import_module(imports.MAIN)
    SERVE.update(calls.serving(module))
    _foresee()
    flasks.prepare(calls.application(module))
    return calls.can_defer(module)


def _take_files():
    found = {}
    for name, size, packed in given["files"]:
        content = _take(packed or size)
        found[name] = files.Packed(content, size) if packed else content
    return found


def _fail(error):
    _write(b"FAILED " + json.dumps(traces.failed(error)).encode() + b"\n")


def _take(size):
    parts = []
    while size and (part := os.read(0, size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


_PART_BYTES = 1 << 16
_BRACE = ord("{")
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
import nexus_clients as clients  # noqa: E402
import nexus_files as files  # noqa: E402
import nexus_flask as flasks  # noqa: E402
import nexus_http as http  # noqa: E402
import nexus_import as imports  # noqa: E402
import nexus_json as own_json  # noqa: E402
import nexus_lasting as lasting  # noqa: E402
import nexus_later as later  # noqa: E402
import nexus_log as log  # noqa: E402
import nexus_missing as missing  # noqa: E402
import nexus_random as randoms  # noqa: E402
import nexus_stream as stream  # noqa: E402
import nexus_trace as traces  # noqa: E402

reseed, HEAD, DECODE = randoms.reseed, own_json.head, own_json.loads
stream.head_of = HEAD
sys.stdout, sys.stderr = log.Log(2), log.Log(2)
try:
    TREE = files.Tree(_take_files())
except MemoryError as error:
    _fail(error)
    raise SystemExit from None
for module in (adapt, log, missing, randoms, http):
    module.install()
adapt.when_imported("asyncio", calls.loop)
files.install(TREE)
traces.own = TREE.files
IMPORTER = imports.Importer(TREE, given["main"])
sys.meta_path.insert(0, IMPORTER)
clients.install()
flasks.install()
gc.enable()
try:
    CAN_DEFER = _load(given["main"], given["is_text"])
except BaseException as error:
    _fail(error)
else:
    _warm_up()
    gc.collect()
    randoms.prepare()
    lasting.make_immortal()
    lasting.fill_holes(given["headroom"])
    gc.freeze()  # the collector skips these objects from now on
    _park()
