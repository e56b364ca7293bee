"""Becomes gunicorn's master in this process: a new one would spend 0.4 s on the same imports."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from nexus.engines import child_python

_CODES = {Arbiter.APP_LOAD_ERROR: 2, Arbiter.WORKER_BOOT_ERROR: 1}


class _Application(WSGIApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's application, with two changes. On SIGUSR2 it runs the command line that started
    this process. It imports nothing from the working folder: otherwise a file `http.py` beside the
    handlers would run."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        super().__init__("%(prog)s [OPTIONS] [APP_MODULE]")

    def chdir(self) -> None:
        os.chdir(self.cfg.chdir)

    def run(self) -> None:
        arbiter: Any = Arbiter(self)
        arbiter.START_CTX["args"] = self._command
        arbiter.run()


def become_gunicorn() -> NoReturn:
    """Serve, with the plugins and settings in `prepared.py`, until the process ends.

    The exit status is 2 for a wrong setting, 1 if a worker cannot boot, else gunicorn's.
    """
    command = _own_command()
    sys.argv = ["gunicorn", "-c", "python:nexus.server.start.settings"]
    master = os.getpid()
    try:
        _Application(command).run()
    except HaltServer as halt:  # gunicorn does not catch it if a second worker fails at once
        sys.exit(_CODES.get(halt.exit_status, halt.exit_status))
    except RuntimeError as error:  # like `BaseApplication.run`: two masters share a pid file
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as ended:
        if os.getpid() != master:  # a forked worker ends here, too
            raise
        code = ended.code if isinstance(ended.code, int) else 1
        sys.exit(_CODES.get(code, code))
    sys.exit(0)


def _own_command() -> list[str]:
    """Return the command line that starts this process again."""
    script, *arguments = sys.argv
    if Path(script).is_file():
        return [sys.executable, script, *arguments]
    return child_python.command("from nexus.cli import main; main()", *arguments)
