"""Extism, a fresh plug-in for every request: what a clean instance costs there."""

from __future__ import annotations

import extism
from flask import Flask, Response

from bench.apps.extism_guest import WASM

app = Flask("extism", static_folder=None)


@app.get("/hello")
def hello() -> Response:
    with extism.Plugin({"wasm": [{"data": WASM}]}) as plugin:
        return Response(bytes(plugin.call("hello", b"")), mimetype="text/plain")
