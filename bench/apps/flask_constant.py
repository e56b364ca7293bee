"""A Flask view that returns a constant."""

from __future__ import annotations

from flask import Flask, Response

app = Flask("constant", static_folder=None)


@app.get("/hello")
def hello() -> Response:
    return Response(b"Hello from WebAssembly.\n", mimetype="text/plain")
