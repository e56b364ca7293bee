"""Checks the folders: handlers, cache, temporary files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nexus.cli.doctor.finding import Finding, error, ok, warning
from nexus.config import Settings
from nexus.errors import NexusError
from nexus.guest import Abis
from nexus.handlers.manifest import load_manifest
from nexus.handlers.sources import find_orphans, find_sources
from nexus.plugins import Plugins

_LEAST_FREE = 256 << 20


def check_handlers(settings: Settings, plugins: Plugins) -> Iterator[Finding]:
    """Check the handlers folder, its manifests, and that each manifest has its handler."""
    folder = settings.handlers_dir
    if not folder.is_dir():
        yield error(
            "handlers",
            f"there is no folder {folder}",
            "nexus new hello makes it with a first handler, or name another by --handlers DIR",
        )
        return
    abis = Abis(plugins.guests(settings))
    try:
        sources = find_sources(folder, abis)
    except NexusError as wrong:
        yield error("handlers", str(wrong), "let this user read it")
        return
    for source in sources:
        try:
            load_manifest(source.manifest, source.name)
        except NexusError as wrong:
            for line in str(wrong).splitlines():
                yield error("handlers", line, f"mend {source.manifest.name}")
    for name, problem in find_orphans(folder, sources, abis).items():
        yield warning("handlers", f"{name}: {problem}", "add the handler, or delete the manifest")
    yield ok("handlers", f"{len(sources)} in {folder}; nexus inspect {folder} compiles them")


def check_cache(settings: Settings) -> Finding:
    """Check that artifacts can be kept."""
    folder = settings.cache_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _try_to_write(folder)
    except OSError as wrong:
        return warning(
            "cache",
            f"{folder} cannot be written ({wrong.strerror}): each start compiles everything",
            "set cache_dir to a folder of this user's own",
        )
    if os.stat(folder).st_mode & 0o022:
        return error(
            "cache",
            f"others may write to {folder}, and artifacts are machine code",
            f"chmod go-w {folder}",
        )
    free, most = shutil.disk_usage(folder).free, settings.cache_max_mb << 20
    if free < _LEAST_FREE:
        return warning(
            "cache", f"{folder}: {free >> 20} MiB free", "free some space, or set cache_dir"
        )
    return ok("cache", f"{folder}, up to {most >> 20} MiB, {free >> 20} MiB free")


def check_temporary() -> Finding:
    """Check the folder for the files that workers share."""
    folder = Path(os.environ.get("TMPDIR") or tempfile.gettempdir())
    try:
        _try_to_write(folder)
    except OSError as wrong:
        return error(
            "TMPDIR",
            f"{folder} cannot be written ({wrong.strerror}): the server cannot start",
            "set TMPDIR to a folder that this user may write to",
        )
    return ok("TMPDIR", str(folder))


def _try_to_write(folder: Path) -> None:
    """Make a file in *folder* for a moment. Raises: OSError."""
    with tempfile.NamedTemporaryFile(dir=folder):
        pass
