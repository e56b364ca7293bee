"""granian on one listening socket of gunicorn's."""

from __future__ import annotations

import importlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from nexus.server.granian.calls import Calls
from nexus.server.granian.intake import Intake
from nexus.server.granian.turns import Turns
from nexus.server.sockets.arrival import HEAD_BYTES

_FOREVER_S: Final = 10**9
"""granian's threads end only with the worker: their warm instances end with them"""

MakeIntake = Callable[[Turns], Intake]


class Listener:
    """One granian: its socket, its threads, its requests."""

    def __init__(
        self, sock: socket.socket, make_intake: MakeIntake, cfg: Any, *, number: int
    ) -> None:
        self._socket, self._cfg, self._number = sock, cfg, number
        self.calls = Calls(sock.getsockname(), tls=bool(cfg.is_ssl))
        self.turns = Turns(self.calls.call_soon)
        self.intake = make_intake(self.turns)
        self.stopped = threading.Event()
        """set when all connections have ended after `stop`"""

    def start(self, *, head_s: float, connections: int) -> None:
        """Accept connections, up to *connections* at once. *head_s*: how long a head may take."""
        module: Any = importlib.import_module("granian._granian")
        http: Any = importlib.import_module("granian.http")
        loop = _Loop()
        scheduler = module.CallbackScheduler(loop, _unused, None, None, None)
        scheduler._schedule_fn = self.intake.take
        self._signal = module.WorkerSignal()
        self._signal.add_cb(self.stopped.set)
        is_unix = self._socket.family == socket.AF_UNIX
        # granian closes the descriptor that it gets; the original stays gunicorn's.
        self._accepts_on = os.dup(self._socket.fileno())
        held = module.SocketHolder(self._accepts_on, is_unix, self._cfg.backlog)
        worker = module.RSGIWorker(
            worker_id=self._number,
            sock=(None, held),
            ipc=None,
            threads=1,
            py_threads=self._cfg.threads,
            py_threads_idle_timeout=_FOREVER_S,
            backpressure=connections,
            http_mode="1",
            http1_opts=http.HTTP1Settings(
                header_read_timeout=int(head_s * 1000), max_buffer_size=HEAD_BYTES
            ),
            websockets_enabled=False,
            **_tls(self._cfg),
        )
        serve = worker.serve_mtr_uds if is_unix else worker.serve_mtr
        serve(scheduler, loop, self._signal)
        self.turns.looker.start()

    def gather(self) -> None:
        """Bring all of granian's threads into Python, then let one of them lead."""
        self.intake.call = self.calls.secret
        self.calls.gather(lambda: len(self.turns) >= self._cfg.threads)
        self.turns.lead()
        self.calls.start()

    def stop_accepting(self) -> None:
        """Accept no more, but go on with the connections that there are.

        granian itself ends connections without a request as soon as it stops to accept, those that
        were accepted just now included. So its descriptor gets another socket, to which nobody
        connects.
        """
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind("")  # Linux chooses an address that is not in the file system
            silent.listen(1)
            silent.setblocking(False)
            os.dup2(silent.fileno(), self._accepts_on, inheritable=False)

    def stop(self) -> None:
        """Accept no more; answer the requests that have begun, and end all other connections."""
        self._signal.set()


class _Loop:
    """Takes the place of an event loop: runs granian's callbacks at once, on granian's threads."""

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> None:
        callback(*args)

    call_soon = call_soon_threadsafe


def _unused(_watcher: Any) -> None:
    raise NotImplementedError("requests go to the schedule function")


def _tls(cfg: Any) -> dict[str, Any]:
    """Return granian's arguments for gunicorn's TLS settings."""
    if not cfg.is_ssl:
        return {}
    return {
        "ssl_enabled": True,
        "ssl_cert": os.path.abspath(cfg.certfile),
        "ssl_key": os.path.abspath(cfg.keyfile or cfg.certfile),
        "ssl_protocol_min": "tls1.2",
        "ssl_ca": os.path.abspath(cfg.ca_certs) if cfg.ca_certs else None,
        "ssl_client_verify": bool(cfg.cert_reqs),
    }
