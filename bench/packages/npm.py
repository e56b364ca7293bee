"""Installs packages with npm, and bundles modules with esbuild."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.packages.cases import Case
from nexus.guest.js.node.modules import NAMES

ESBUILD: Final = "esbuild@0.28.2"
_EXTERNAL: Final = ("node:*", *NAMES)
_INSTALL_S: Final = 900
_BUNDLE_S: Final = 60


def install(folder: Path, cases: Sequence[Case]) -> None:
    """Install esbuild and the packages of *cases* below *folder*; no package runs a script then.

    Raises: RuntimeError with npm's message.
    """
    wanted = sorted({package for case in cases for package in case.packages} | {ESBUILD})
    installed = folder / "installed.txt"
    if installed.exists() and set(wanted) <= set(installed.read_text().split()):
        return
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"]
    _run([*command, *wanted], folder, _INSTALL_S)
    installed.write_text("\n".join(wanted))


def bundle(folder: Path, case: Case) -> str:
    """Bundle *case* into `handlers/NAME.js`; return the reason if esbuild cannot, else ''."""
    module = folder / f"{case.name}.mjs"
    module.write_text(case.source)
    command = [
        *("node_modules/.bin/esbuild", module.name, "--bundle", "--format=esm"),
        *("--platform=browser", "--conditions=worker", "--log-level=error"),
        f"--outfile=handlers/{case.name}.js",
        *(f"--external:{name}" for name in _EXTERNAL),
    ]
    try:
        _run(command, folder, _BUNDLE_S)
    except RuntimeError as error:
        return str(error)
    return ""


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip() or f"{command[0]} failed")
