"""JavaScript by quickjs-ng: native code, no limits, a fresh context for each request."""

from __future__ import annotations

import quickjs
from flask import Flask, Response

app = Flask("quickjs", static_folder=None)


@app.get("/hello")
def hello() -> Response:
    context = quickjs.Context()
    context.eval('function handle() { return "Hello from WebAssembly.\\n" }')
    return Response(context.eval("handle()"), mimetype="text/plain")
