"""Runs once in the guest, before the snapshot: loads the handler, then parks where requests enter.

CPython for WASI runs this file as its command, inside the guest. The host writes the handler's
files to stdin as JSON, and reads the address of `enter` from stdout. From then on every request is
one call of `enter`, from the same state.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import time
import traceback

MAIN = "handler"
"""module name of the handler's first file; tracebacks show the file's own name"""


class _Files(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the handler's own files, by their paths below its folder."""

    def __init__(self, files, main):
        self.files, self.main = files, main

    def _file(self, name):
        if name == MAIN:
            return self.main
        path = name.replace(".", "/")
        for file in (f"{path}.py", f"{path}/__init__.py"):
            if file in self.files:
                return file
        return None

    def find_spec(self, name, path=None, target=None):
        file = self._file(name)
        if file is not None:
            return importlib.util.spec_from_loader(name, self)
        folder = name.replace(".", "/")
        if not any(file.startswith(f"{folder}/") for file in self.files):
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)  # a namespace package
        spec.submodule_search_locations.append(folder)
        return spec

    def get_filename(self, name):
        return self._file(name)

    def get_source(self, name):
        return self.files[self._file(name)]

    def get_code(self, name):
        file = self._file(name)
        return compile(self.files[file], file, "exec", dont_inherit=True)

    def is_package(self, name):
        return (self._file(name) or "").endswith("/__init__.py")


def _lines(file):
    source = FILES.files.get(file)
    return None if source is None else source.splitlines(keepends=True)


def _remember_lines():
    """Cache the handler's lines for tracebacks, since the guest has no files to read them from."""
    import linecache

    for file in FILES.files:
        lines = _lines(file)
        linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def _trace(error):
    """Return a traceback with the handler's own frames, and the error in one line."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in FILES.files
    ]
    text = "".join(traceback.format_list(frames))
    last = "".join(traceback.format_exception_only(error)).rstrip()
    return (f"Traceback (most recent call last):\n{text}{last}" if text else last), last


def _failed(error):
    trace, last = _trace(error)
    return {"error": {"type": type(error).__name__, "message": last[:2000], "trace": trace[:20000]}}


def _write(content):
    if OUT is None:  # while warming up
        return
    written = os.write(OUT, content)
    while written < len(content):
        written += os.write(OUT, content[written:])


def _read_all():
    if REQUEST is not None:  # while warming up
        return REQUEST
    parts = []
    while part := os.read(0, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def enter():
    """Answer the request on stdin: a line of JSON, then its body. Never raises."""
    body = b""
    try:
        line, _, content = _read_all().partition(b"\n")
        head = json.loads(line)
        if head["env"]:
            os.environ.update(head["env"])
        reseed()
        answer, body = SERVE[head["kind"]](head, content)
    except BaseException as error:
        answer, body = _failed(error), b""
        sys.stdout.flush()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        _write(json.dumps(answer).encode() + b"\n" + body)
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
    for serve, request in rounds:
        OUT, SERVE, REQUEST = None, serve, request
        for _ in range(64):
            enter()
    (OUT, SERVE), REQUEST = kept, None


def _park():
    """Write the address of `enter`, then park: in the last call the host takes the snapshot."""
    _write(b"ENTER %d %d\n" % (id(enter), "wsgi" in SERVE))
    time.clock_getres(time.CLOCK_MONOTONIC)


def _load():
    module = importlib.import_module(MAIN)
    SERVE.update(calls.serving(module))
    _remember_lines()


OUT = 1
REQUEST = None
SERVE = {}
given = json.loads(_read_all())
for name, source in given["modules"].items():  # Nexus's own modules
    spec = importlib.util.spec_from_loader(name, None, origin=f"<{name}>")
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(source, f"<{name}>", "exec"), made.__dict__)
import nexus_calls as calls  # noqa: E402

reseed = calls.reseed
sys.stdout = calls.log_writer(2)
sys.stderr = calls.log_writer(2)
FILES = _Files(given["files"], given["main"])
sys.meta_path.insert(0, FILES)
try:
    _load()
except BaseException as error:
    _write(b"FAILED " + json.dumps(_failed(error)).encode() + b"\n")
else:
    _warm_up()
    bytearray(given["headroom"])  # freed at once: later requests need not grow the memory
    gc.collect()
    gc.freeze()  # the collector skips these objects from now on
    _park()
