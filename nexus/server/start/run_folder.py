"""The folder of files that gunicorn's workers and master share: metrics, the stacks of workers that
were stuck, the addresses of workers, and which of them are ready. The process that made the folder
deletes it at its end.

The folder must exist, and prometheus_client's variable be set, before anything (a plugin, say)
imports prometheus_client: that decides at import whether it counts for several processes.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

from nexus.errors import ConfigError

log = logging.getLogger("nexus.server")

RUN_DIR = "NEXUS_RUN_DIR"
READY_DIR = "NEXUS_READY_DIR"
_FOLDERS = {
    "PROMETHEUS_MULTIPROC_DIR": "metrics",
    "NEXUS_STUCK_LOG_DIR": "stuck",
    RUN_DIR: "run",
    READY_DIR: "ready",
}


@cache
def run_folder() -> Path:
    """Return the folder; the first call makes it and names it in the environment.

    Raises: ConfigError if it cannot be made.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="nexus-"))
        # Not in gunicorn's on_exit: gunicorn does not call it if the address cannot be bound.
        atexit.register(_remove, folder, os.getpid())
        for variable, name in _FOLDERS.items():
            (folder / name).mkdir(mode=0o700)
            os.environ[variable] = str(folder / name)
    except OSError as error:
        raise ConfigError(
            [f"TMPDIR: cannot make a folder there ({error}); allowed: a folder to write to"]
        ) from error
    _write_key(folder / "run" / "key")
    from nexus.metrics.reserved import reserve_blocks  # imports prometheus_client: see above

    reserve_blocks()
    return folder


def _write_key(path: Path) -> None:
    """Write the key by which workers recognise each other; if the disk is full, serve without."""
    try:
        path.write_bytes(secrets.token_bytes(32))
    except OSError as error:
        del os.environ[RUN_DIR]
        log.warning(
            "%s cannot be written (%s): only the worker that suspended an execution can resume it",
            path,
            error.strerror,
        )


def _remove(folder: Path, master: int) -> None:
    if os.getpid() == master:  # forked children inherit this exit function
        shutil.rmtree(folder, ignore_errors=True)
