"""Child processes of Python that import what this process would, and nothing from the working
folder: `python -c` and `-m` look there first, and a handlers folder may hold a `json.py`."""

from __future__ import annotations

import os
import sys
from typing import Final

_NOT_FROM_HERE: Final = "import sys; sys.path[:] = filter(None, sys.path); "
_SECRETS: Final = ("NEXUS_SECRET_", "NEXUS_ADMIN_TOKEN")
"""the beginnings of variables that no child process needs"""


def command(code: str, *arguments: str) -> list[str]:
    """Return the command line that runs *code*, for which `sys` is imported."""
    return [sys.executable, "-c", _NOT_FROM_HERE + code, *arguments]


def environment() -> dict[str, str]:
    """Return this process's environment, with its import path and without its secrets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
