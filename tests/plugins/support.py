"""Plugins for tests: objects in this process, or packages that another process finds."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from prometheus_client import CollectorRegistry

from nexus.plugin_api.hooks import hookimpl
from nexus.plugins import Candidate, Plugins, load_plugins
from tests.support import ROOT


def plugin(**hooks: Callable[..., Any]) -> ModuleType:
    """A module whose functions of these names are marked `@hookimpl`."""
    module = ModuleType("made_by_a_test")
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


def candidate(
    name: str, made: object, distribution: str = "dist", version: str = "1.2"
) -> Candidate:
    return Candidate(name, distribution, version, lambda: made)


def plugins(
    registry: CollectorRegistry | None = None, environ: dict[str, str] | None = None, **made: object
) -> Plugins:
    """The built-in plugins, and these by name."""
    outside = [candidate(name, plugin) for name, plugin in sorted(made.items())]
    return load_plugins(environ or {}, registry or CollectorRegistry(), outside=outside)


def package(folder: Path, name: str, source: str) -> Path:
    """Put a plugin's package into *folder* as pip would: to be found where that is a place of
    modules. Returns *folder*."""
    (folder / f"{name}_module.py").write_text(textwrap.dedent(source))
    about = folder / f"{name}_dist-3.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 3.1\n")
    (about / "entry_points.txt").write_text(f"[nexus]\n{name} = {name}_module\n")
    return folder


def python_path(*folders: Path) -> str:
    """For PYTHONPATH: Nexus and these folders."""
    return os.pathsep.join(map(str, (ROOT, *folders)))
