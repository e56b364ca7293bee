"""The management port: health, metrics and the runtime API on an address and threads of their own.

waitress serves it: its own thread waits for clients, a few threads answer them, and none of them
ever serves the main port. So neither a guest that computes nor clients that stall there can hold up
a probe or a scrape. Requests to the runtime API may run guests; they get half of the threads.

All workers accept on one socket, which their master opened: whichever is free answers. What it says
is the pod's: metrics are all workers', and readiness is in `Readiness`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import waitress  # type: ignore[import-untyped]
from flask import Flask

from nexus.errors import ConfigError
from nexus.http.streams import STREAMS
from nexus.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

THREADS = 8
API_THREADS = THREADS // 2
SILENT_S = 10
"""How long a client may be silent before its connection is closed"""
MOST_CONNECTIONS = 100


def listen(address: str) -> socket.socket:
    """Return a socket that listens on *address*, HOST:PORT.

    Raises: ConfigError if it cannot listen there.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise ConfigError(
            [
                f"management_bind: cannot listen on {address} ({error.strerror}); allowed: an "
                "address of this machine and a port that is free and that this user may take"
            ]
        ) from error
    listener.setblocking(False)
    return listener


class Readiness:
    """Decides whether the pod should get requests: if the worker asked is ready, or another.

    A worker that replaces one that died loads its handlers again while the others serve; it must
    not take the pod out of its Service. So a worker that was asked and was ready leaves a file in
    *folder*, which `forget` deletes.
    """

    def __init__(self, service: Service, folder: Path | None) -> None:
        self._service = service
        self._mine = None if folder is None else folder / str(os.getpid())

    def reason(self) -> str | None:
        """Return why the pod should get no requests now; None if it should."""
        reason = self._service.unready()
        if self._mine is None:
            return reason
        with contextlib.suppress(OSError):  # the disk is full: this worker speaks for itself
            if reason is None:
                self._mine.touch()
            else:
                self._mine.unlink(missing_ok=True)
                if not self._service.draining and any(self._mine.parent.iterdir()):
                    return None
        return reason


def forget(folder: Path, pid: int) -> None:
    """Delete what a worker that ended said of its readiness."""
    (folder / str(pid)).unlink(missing_ok=True)


BUSY = "nexus.busy"
"""key of a WSGI environ: the app must reject the request"""


class FewAtOnce:
    """A WSGI middleware that lets a few requests below *paths* run at once; it marks more as
    `BUSY`, so that the app rejects, counts and logs them like others."""

    def __init__(self, following: WSGIApplication, paths: tuple[str, ...], most: int) -> None:
        self._following, self._paths, self._places = following, paths, threading.Semaphore(most)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].lstrip("/").startswith(self._paths):
            return self._following(environ, start_response)
        if not self._places.acquire(blocking=False):
            environ[BUSY] = True
            return self._following(environ, start_response)
        try:
            answer = self._following(environ, start_response)
            return answer if STREAMS in environ else list(answer)
        finally:
            self._places.release()


class ManagementServer:
    """Serves an app on a socket, on threads of its own, until the process ends."""

    def __init__(self, app: Flask, listener: socket.socket, max_request_bytes: int) -> None:
        self._server = waitress.create_server(
            FewAtOnce(app.wsgi_app, ("v1", "_nexus/suspensions/"), API_THREADS),
            sockets=[listener],
            threads=THREADS,
            ident="",
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=SILENT_S,
            cleanup_interval=SILENT_S // 2,
            max_request_body_size=max_request_bytes,
            asyncore_use_poll=True,  # select() fails beyond 1024 descriptors
            clear_untrusted_proxy_headers=True,
        )
        # Send each event of a stream at once. As an argument waitress calls it deprecated.
        self._server.adj.send_bytes = 1
        self._thread = threading.Thread(
            target=self._server.run, name="nexus-management", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
