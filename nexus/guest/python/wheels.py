"""Fetches packages for Python handlers with pip, and unpacks their wheels."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from nexus.errors import InvalidArgument, InvalidHandler

MARK: Final = ".nexus-vendor"
"""a file in each folder that `vendor` made, and may replace"""
PYTHON: Final = "3.12"
"""the guest's CPython, for which pip chooses wheels"""

_PURE: Final = ("--platform", "any", "--implementation", "py", "--abi", "none")
_ALSO_COMPILED: Final = (
    *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"),
    *("--platform", "any"),
)
_COMPILED: Final = frozenset({".so", ".pyd", ".dylib"})
_DATA: Final = re.compile(r"[^/]+\.data/(?:purelib|platlib)/")


@dataclass(frozen=True)
class Package:
    """One package as it was unpacked."""

    name: str
    version: str
    size_bytes: int
    left_out: tuple[str, ...]
    """its compiled modules, which no guest can load; empty if it is pure Python"""


def vendor(requirements: Path, folder: Path) -> list[Package]:
    """Put the packages in *requirements*, and what they need, into *folder*; return them.

    The folder is replaced as a whole once all are there.

    Raises: InvalidArgument if *folder* is somebody else's; InvalidHandler with pip's words if a
        package cannot be fetched.
    """
    if folder.exists() and not (folder / MARK).exists():
        raise InvalidArgument(
            f"{folder} exists, and `nexus vendor` did not make it; remove it first"
        )
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=folder.parent) as made:
        wheels, new = Path(made, "wheels"), Path(made, "new")
        _download(requirements, wheels)
        new.mkdir()
        packages = [_unpack(wheel, new) for wheel in sorted(wheels.glob("*.whl"))]
        (new / MARK).write_bytes(requirements.read_bytes())
        if folder.exists():
            shutil.move(folder, Path(made, "old"))
        shutil.move(new, folder)
    return packages


def _download(requirements: Path, wheels: Path) -> None:
    """Fetch pure wheels; if some package has none, its wheel for this kind of machine."""
    wanted = ("-r", str(requirements))
    if not _pip(wanted, wheels, _PURE):
        return
    shutil.rmtree(wheels, ignore_errors=True)
    failure = _pip(wanted, wheels, _ALSO_COMPILED)
    if failure:
        raise InvalidHandler(f"pip could not fetch the packages:\n{failure}")
    for wheel in wheels.glob("*.whl"):
        if _is_pure(wheel):
            continue
        name, version = wheel.name.split("-")[:2]
        if not _pip(("--no-deps", f"{name}=={version}"), wheels, _PURE):
            wheel.unlink()  # it was there as a pure wheel, too


def _pip(wanted: Sequence[str], wheels: Path, tags: Sequence[str]) -> str:
    """Run `pip download`; return its errors, or nothing after success."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--python-version", PYTHON]
    done = subprocess.run(
        [*command, *tags, "--dest", str(wheels), *wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
    return "\n".join(lines) or f"pip ended with {done.returncode}"


def _is_pure(wheel: Path) -> bool:
    return wheel.stem.endswith("-none-any")


def _unpack(wheel: Path, folder: Path) -> Package:
    """Unpack what a guest can use of *wheel*: no compiled modules, scripts or headers."""
    name, version = wheel.name.split("-")[:2]
    size, left_out = 0, []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(_DATA.sub("", entry.filename, count=1))
            if entry.is_dir() or path.parts[0].endswith(".data"):
                continue
            if path.is_absolute() or ".." in path.parts:
                raise InvalidHandler(f"{wheel.name} holds a file outside itself: {entry.filename}")
            if path.suffix in _COMPILED:
                left_out.append(str(path))
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(entry))
            size += entry.file_size
    return Package(name, version, size, tuple(left_out))
