"""One folder for what gunicorn's workers leave to each other and to their master: metrics, why a
worker was stuck, where they find each other. It is gone with the process that made it.

It has to be there, and prometheus_client's variable set, before anything imports that: it decides
at import whether it counts for several processes. Plugins may import it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

_FOLDERS = {
    "PROMETHEUS_MULTIPROC_DIR": "metrics",
    "NEXUS_STUCK_LOG_DIR": "stuck",
    "NEXUS_RUN_DIR": "run",
}


@cache
def run_folder() -> Path:
    """Make it, once for this process, and name it in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-"))
    # Not in gunicorn's on_exit: that is not called where the address cannot be bound.
    atexit.register(_remove, folder, os.getpid())
    for variable, name in _FOLDERS.items():
        (folder / name).mkdir(mode=0o700)
        os.environ[variable] = str(folder / name)
    (folder / "run" / "key").write_bytes(secrets.token_bytes(32))
    return folder


def _remove(folder: Path, master: int) -> None:
    if os.getpid() == master:  # its children inherit what is to be done at exit
        shutil.rmtree(folder, ignore_errors=True)
