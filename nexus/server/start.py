"""Starts gunicorn, which by itself would import from the working folder before anything else: a
file `http.py` beside the handlers would run. A script too: gunicorn starts itself anew with it.
"""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Be gunicorn's command line, and then its master."""
    from gunicorn.app.wsgiapp import WSGIApplication

    class Application(WSGIApplication):  # type: ignore[misc]  # gunicorn has no types
        """Goes to the folder it is told, and leaves the import path as it is."""

        def chdir(self) -> None:
            os.chdir(self.cfg.chdir)

    Application("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()


if __name__ == "__main__":
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]  # the modules here are not top-level ones
    run()
