"""Handlers in Python for servers under test: an answer in JSON, and a constant Flask view."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.python_work import copy_flask

_JSON = """
def fetch(request):
    return {"message": "hello"}
"""
_VIEW = """
from flask import Flask, Response

app = Flask("constant", static_folder=None)


@app.get("/hello")
def hello():
    return Response(b"Hello from WebAssembly.\\n", mimetype="text/plain")
"""


@cache
def _folder() -> TemporaryDirectory[str]:
    made = TemporaryDirectory(prefix="nexus-bench-")
    folder = Path(made.name)
    (folder / "json.py").write_text(_JSON)
    (folder / "view").mkdir()
    (folder / "view/main.py").write_text(_VIEW)
    copy_flask(folder / "view")
    return made


def environ() -> dict[str, str]:
    """Return the environment of a server with these handlers. CPython is too large for LLVM."""
    return {"NEXUS_HANDLERS_DIR": _folder().name, "NEXUS_COMPILER": "cranelift"}
