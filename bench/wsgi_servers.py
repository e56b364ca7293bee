"""Command lines of WSGI servers that Nexus is compared with: one worker process each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

Command: TypeAlias = list[str]
MakeCommand: TypeAlias = Callable[[str, int, int], Command]
"""Takes the app (module:name), the number of threads and the most connections; in the command that
it returns, PORT stands for the port on 127.0.0.1"""

_PYTHON = (sys.executable, "-m")


def _gthread(app: str, threads: int, connections: int) -> Command:
    return [*_gunicorn(app, connections), "--worker-class", "gthread", "--threads", str(threads)]


def _gevent(app: str, threads: int, connections: int) -> Command:
    """It serves all connections on one thread."""
    return [*_gunicorn(app, connections), "--worker-class", "gevent"]


def _limit(app: str, threads: int, connections: int) -> Command:
    """Nexus's own worker, but with *app* in place of Nexus's: see `bench.limit`."""
    return [
        *(*_PYTHON, "gunicorn", "-c", "python:nexus.server.start.settings", app),
        *("--worker-class", "bench.limit.LimitWorker", "--workers", "1"),
        *("--threads", str(threads), "--log-level", "critical"),
    ]


def _gunicorn(app: str, connections: int) -> Command:
    return [
        *(*_PYTHON, "gunicorn", app, "--workers", "1", "--bind", "127.0.0.1:PORT"),
        *("--log-level", "critical", "--worker-connections", str(connections)),
    ]


def _waitress(app: str, threads: int, connections: int) -> Command:
    return [
        *(*_PYTHON, "waitress", "--listen", "127.0.0.1:PORT", "--threads", str(threads)),
        *("--connection-limit", str(connections), "--asyncore-use-poll", app),
    ]


def _granian(app: str, threads: int, connections: int) -> Command:
    return [
        *(*_PYTHON, "granian", "--interface", "wsgi", "--blocking-threads", str(threads)),
        *("--port", "PORT", "--no-ws", "--log-level", "critical", app),
    ]


def _uwsgi(app: str, threads: int, connections: int) -> Command:
    return [
        *(sys.executable, "-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])"),
        *("--http11-socket", "127.0.0.1:PORT", "--http-keepalive", "--module", app),
        *("--master", "--processes", "1", "--threads", str(threads), "--disable-logging"),
        *(
            "--need-app",
            "--die-on-term",
            "--listen",
            "100",
            "--add-header",
            "Connection: keep-alive",
        ),
    ]


SERVERS: dict[str, MakeCommand] = {
    "limit": _limit,
    "gthread": _gthread,
    "gevent": _gevent,
    "waitress": _waitress,
    "granian": _granian,
    "uWSGI": _uwsgi,
}
_MODULES = {"limit": "nexus", "gthread": "gunicorn", "uWSGI": "pyuwsgi"}
"""what each needs to be importable, if that is not its own name"""


def installed(server: str) -> bool:
    """Return whether a server can be run here."""
    return find_spec(_MODULES.get(server, server)) is not None
