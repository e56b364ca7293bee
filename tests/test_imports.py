"""Imports point one way, and each room's docstring is a map of it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "nexus"

FLOORS = (
    ("cli",),
    ("server",),
    ("wsgi",),
    ("http",),
    ("runtime",),
    ("service",),
    ("live", "versions"),
    ("handlers", "suspension"),
    ("compiler",),
    ("plugins", "pod", "pool"),
    (
        "capacity",
        "config",
        "engines",
        "guest",
        "logs",
        "metrics",
        "outbound",
        "run",
        "schedules",
        "scheduling",
        "stores",
    ),
    ("wasm",),
    ("plugin_api",),
    ("errors",),
    ("model",),
)
"""From the top down. A room imports only rooms on floors below its own: not its neighbours."""

LEVELS = {name: level for level, names in enumerate(reversed(FLOORS)) for name in names}

MOST_FILES = 20
"""in one folder; more, and its listing no longer tells a story"""


def modules() -> list[Path]:
    guests = PACKAGE / "guest/python/boot"  # runs in the guest: its `nexus` is another
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != guests)


def folders() -> list[Path]:
    """Every folder of the package that holds Python."""
    return sorted({path.parent for path in modules()})


def room_of(path: Path) -> str:
    """Return the room of a file: `nexus/pool/pool.py` -> `pool`, `nexus/__init__.py` -> ``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py").removesuffix("__init__")


def imported(path: Path) -> set[str]:
    """Return the rooms that a file imports, anywhere in it."""
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports in full, please"
            # `from nexus import config` names a room, not something of the package itself.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms.update(name.split(".")[1] for name in names if name.startswith("nexus."))
    return rooms


def test_every_room_is_on_a_floor() -> None:
    assert {room_of(path) for path in modules()} - {""} == LEVELS.keys()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if not room:  # the public face: names of rooms on any floor, imported at their first use
        return
    below = {name for name, level in LEVELS.items() if level < LEVELS[room]}
    assert imported(path) <= below | {room}


def test_the_data_path_sees_no_engine_and_no_handler_files() -> None:
    assert not imported(PACKAGE / "run/dispatch.py") & {"engines", "handlers", "config", "metrics"}


@pytest.mark.parametrize("folder", folders(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_maps_its_files(folder: Path) -> None:
    """Its docstring names every file and folder in it."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = set(re.findall(r"[\w./-]+", text))
    things = [path for path in folder.iterdir() if not path.name.startswith(("__", "."))]
    ours = [path for path in things if path.suffix in {"", ".py", ".js"}]
    missing = [
        path.name
        for path in ours
        if not named & {path.name, f"{path.name}/", path.stem, path.name.removesuffix(".py")}
    ]
    assert not missing
    assert len([path for path in things if path.is_file()]) <= MOST_FILES


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("plugins/*/nexus_*/**/*.py")), ids=lambda p: p.name
)
def test_a_plugin_imports_the_public_face_only(path: Path) -> None:
    assert imported(path) <= {"plugin_api"}


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
