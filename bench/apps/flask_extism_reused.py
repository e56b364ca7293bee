"""Extism, one plug-in a thread, reused as the last request left it."""

from __future__ import annotations

import threading

import extism
from flask import Flask, Response

from bench.apps.extism_guest import WASM

app = Flask("extism", static_folder=None)
of_thread = threading.local()


@app.get("/hello")
def hello() -> Response:
    plugin = getattr(of_thread, "plugin", None)
    if plugin is None:
        plugin = of_thread.plugin = extism.Plugin({"wasm": [{"data": WASM}]})
    return Response(bytes(plugin.call("hello", b"")), mimetype="text/plain")
