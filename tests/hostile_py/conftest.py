from __future__ import annotations

from pathlib import Path

import pytest

from nexus.model import Handler
from tests.python.conftest import python
from tests.python.support import Pythons

__all__ = ["python"]

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
MAIN = f"""
from importlib import import_module
scripts = {{name: import_module("scripts." + name) for name in {[s.stem for s in SCRIPTS]!r}}}
def fetch(request):
    return scripts[request.headers["x-script"]].fetch(request)
"""
"""One handler for all scripts: each does its harm in a request, and set-up takes half a second."""


@pytest.fixture(scope="session")
def hostile(python: Pythons) -> Handler:
    """The handler that runs the script whose name the header `x-script` gives."""
    return python.handler({"main.py": MAIN} | {f"scripts/{s.name}": s.read_text() for s in SCRIPTS})


@pytest.fixture(scope="session")
def neighbour(python: Pythons) -> Handler:
    """The handler that is asked after each script."""
    return python.handler("def fetch(request): return 'still here'")
