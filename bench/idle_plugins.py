"""Makes plugins that have every hook and add nothing, for servers under test."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from nexus.plugins.check import HOOKS

COUNT = 5
_HOOK = "@hookimpl\ndef {name}({arguments}):\n    return None\n\n"


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="nexus-bench-")


def environ() -> dict[str, str]:
    """Return the environment of a server that finds `COUNT` such plugins, as if pip-installed."""
    folder = Path(_folder().name)
    hooks = "".join(
        _HOOK.format(name=name, arguments=", ".join(taken)) for name, taken in HOOKS.items()
    )
    for number in range(COUNT):
        name = f"idle{number}"
        (folder / f"{name}.py").write_text(
            f"from nexus.plugin_api.hooks import hookimpl\n\n{hooks}"
        )
        about = folder / f"{name}-1.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[nexus]\n{name} = {name}\n")
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
