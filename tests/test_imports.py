"""Imports point one way (docs/design.md): a package imports only what stands below it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

LAYERS = (
    ("wsgi", "gunicorn_worker", "gunicorn_logging", "gunicorn_settings", "cli"),
    ("gunicorn_closing", "gunicorn_connection", "gunicorn_kept_alive"),
    ("http",),
    ("runtime", "sizing", "shared_folder"),
    ("service",),
    ("suspension",),
    ("choices", "dispatch", "ordering", "results"),
    ("handlers",),
    ("plugins",),
    ("engines",),
    ("hookspecs",),
    (
        *("capacity", "config", "cpu", "guest", "logs", "metrics", "pool", "scheduling"),
        *("wasm", "watchdog"),
    ),
    ("protocols",),
    ("capabilities", "errors"),
    ("model",),
)
"""from the top down; what is on one line does not import each other"""

LEVELS = {name: level for level, names in enumerate(reversed(LAYERS)) for name in names}


def modules() -> list[Path]:
    return sorted(path for path in (ROOT / "nexus").rglob("*.py"))


def part_of(path: Path) -> str:
    """The layer's name: `nexus/pool/pool.py` -> `pool`, `nexus/__init__.py` -> ``."""
    return path.relative_to(ROOT / "nexus").parts[0].removesuffix(".py").removesuffix("__init__")


def nodes(path: Path) -> Iterator[ast.AST]:
    """All of a module's syntax; in `hookspecs`, which names what stands above it in signatures
    alone, without what is imported for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if part_of(path) == "hookspecs":
        tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    return ast.walk(tree)


def imported(path: Path) -> set[str]:
    """The parts of Nexus that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports in full, please"
            # `from nexus import config` names a part, not something of the package itself.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found.update(name.split(".")[1] for name in names if name.startswith("nexus."))
    return found


def test_every_part_has_a_layer() -> None:
    assert {part_of(path) for path in modules()} - {""} == LEVELS.keys()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    allowed = {name for name, level in LEVELS.items() if part and level < LEVELS[part]} | {part}
    assert imported(path) <= allowed


def test_the_data_path_sees_no_engine_and_no_handler_files() -> None:
    assert not imported(ROOT / "nexus/run/dispatch.py") & {
        "engines",
        "handlers",
        "config",
        "metrics",
    }


@pytest.mark.parametrize(
    ("started", "spared"),
    [
        ("nexus.cli", {"pydantic", "flask", "nexus.config", "nexus.service"}),
        ("nexus.cli.serve", {"flask", "nexus.service", "nexus.capacity"}),
        (
            "nexus.wsgi",
            {"nexus.wasm.rewriting.rewriter", "nexus.http.api", "nexus.capacity", "redis"},
        ),
    ],
)
def test_a_start_imports_no_more_than_it_needs(started: str, spared: set[str]) -> None:
    """A first answer within a second leaves little time for what is not asked for."""
    code = f"import sys, {started}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert started in names
    assert not spared & set(names)
