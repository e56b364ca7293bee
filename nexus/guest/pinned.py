"""Reads modules of language runtimes: builds pinned to the byte, or builds that settings name."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from nexus.errors import ConfigError, EngineUnavailable


def load_pinned(package: str, file: str, sha256: str, *, missing: str, cure: str) -> bytes:
    """Return the content of *file* in the installed *package*.

    *missing* and *cure* tell the user what to do if the package is missing, or holds another build.

    Raises: EngineUnavailable if the package is missing or the digest is not *sha256*.
    """
    try:
        path = distribution(package).locate_file(file)
        content = Path(str(path)).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise EngineUnavailable(f"{missing} ({error})") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise EngineUnavailable(
            f"{path} is not the build that Nexus knows (SHA-256 {found}, expected {sha256}): {cure}"
        )
    return content


def read_named(setting: str, path: Path, sha256: str) -> bytes:
    """Return the content of *path*, which *setting* names.

    Raises: ConfigError if the file is unreadable or its digest is not *sha256*.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            [f"{setting}: cannot read {path} ({error.strerror}); allowed: a .wasm file"]
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ConfigError([f"{setting}_sha256: found {sha256}, allowed: that of {path}, {found}"])
    return content
