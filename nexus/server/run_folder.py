"""One folder for what gunicorn's workers leave to each other and to their master: metrics, why a
worker was stuck, where they find each other. It is gone with the process that made it.

It has to be there, and prometheus_client's variable set, before anything imports that: it decides
at import whether it counts for several processes. Plugins may import it.
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
_FOLDERS = {
    "PROMETHEUS_MULTIPROC_DIR": "metrics",
    "NEXUS_STUCK_LOG_DIR": "stuck",
    RUN_DIR: "run",
}


@cache
def run_folder() -> Path:
    """Make it, once for this process, and name it in the environment.

    Raises: ConfigError if it cannot be made.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="nexus-"))
        # Not in gunicorn's on_exit: that is not called where the address cannot be bound.
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
    """Make what workers know each other by; on a full disk they serve without."""
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
    if os.getpid() == master:  # its children inherit what is to be done at exit
        shutil.rmtree(folder, ignore_errors=True)
