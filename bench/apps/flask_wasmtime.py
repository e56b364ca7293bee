"""The same guest by wasmtime-py, as its documentation has it: a fresh store for every request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wasmtime
from flask import Flask, Response

HELLO = Path(__file__).parents[1] / "handlers" / "hello.wat"

app = Flask("wasmtime", static_folder=None)
engine = wasmtime.Engine()
module = wasmtime.Module(engine, HELLO.read_text())
linker = wasmtime.Linker(engine)
linker.define_wasi()


@app.get("/hello")
def hello() -> Response:
    written = bytearray()

    def write(content: bytes) -> int:
        written.extend(content)
        return len(content)

    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.stdout_custom = write
    store.set_wasi(wasi)
    start: Any = linker.instantiate(store, module).exports(store)["_start"]
    start(store)
    store.close()
    return Response(bytes(written).partition(b"\n\n")[2], mimetype="text/plain")
