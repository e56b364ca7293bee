"""Children that prepare handlers, forked from one process that has loaded the language runtime.

A child of its own takes 0.25 s to import Nexus and to load the runtime; then most handlers in
JavaScript are prepared in 0.05 s. So a process does the first part once, without ever running a
handler's code, and forks for each handler: a hostile one still has a process of its own.
`fork_server.py` is the other side.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from nexus.compiler.artifact import Artifact
from nexus.compiler.fork_server import TIMEOUT
from nexus.compiler.orders import Order, Prepare
from nexus.compiler.process import Ended, artifact_of, timed_out
from nexus.engines import child_python

GRACE_S: Final = 5.0
"""How much longer than a handler's limit to wait for what the other side says of it"""
_MOST_SAID_BYTES: Final = 65536

RunChild = Callable[[Order, float], Artifact]


class ForkServers:
    """Prepares handlers. Thread-safe."""

    def __init__(self, alone: RunChild) -> None:
        """*alone* prepares a handler without a fork server, where none can be used."""
        self._alone = alone
        self._lock = threading.Lock()  # guards _servers and sending
        self._servers: dict[tuple[object, ...], _ForkServer] = {}
        """by what they have loaded; one that had nothing to do for long has ended"""

    def run(self, order: Order, timeout_s: float) -> Artifact:
        """Prepare a handler by *order*, whose work is a `Prepare`.

        Raises: InvalidHandler, CompilationError.
        """
        try:
            ended = self._ask(order, timeout_s)
        except (OSError, AttributeError):  # no memfd, or no process can be forked
            ended = None
        if ended is None:
            return self._alone(order, timeout_s)
        if ended.status == TIMEOUT:
            raise timed_out(timeout_s)
        return artifact_of(ended, order.terms.key)

    def _ask(self, order: Order, timeout_s: float) -> Ended | None:
        """Return how the child ended, or None if it was never begun."""
        with (
            os.fdopen(os.memfd_create("nexus-order", os.MFD_CLOEXEC), "w+b") as given,
            os.fdopen(os.memfd_create("nexus-answer", os.MFD_CLOEXEC), "w+b") as answer,
        ):
            said, says = os.pipe()
            try:
                with self._lock:
                    self._send(order, timeout_s, given, [given.fileno(), answer.fileno(), says])
            except BaseException:
                os.close(said)
                raise
            finally:
                os.close(says)
            with open(said, "rb", buffering=0) as pipe:
                if not select.select([pipe], [], [], timeout_s + GRACE_S)[0]:
                    return Ended(TIMEOUT, b"", b"")
                status, _, stderr = pipe.read(_MOST_SAID_BYTES).partition(b"\n")
            if not status:
                return None  # the process that forks has failed
            answer.seek(0)
            return Ended(int(status), answer.read(), stderr)

    def _send(self, order: Order, timeout_s: float, given: BinaryIO, fds: list[int]) -> None:
        """Send *order* to the process that has loaded its runtime, or to a new one."""
        work, terms = order.work, order.terms
        assert isinstance(work, Prepare)
        key = (
            str(replace(terms, key="", idle=False, urgent=False)),
            work.program.abi,
            work.runtime_key,
        )
        message = repr(timeout_s).encode()
        server = self._servers.get(key)
        if server is not None:
            _fill(given, _without_runtime(order, work))
            try:
                socket.send_fds(server.sock, [message], fds)
                return
            except OSError:  # it had nothing to do for long, and ended
                server.close()
                del self._servers[key]
        _fill(given, order)
        server = self._servers[key] = _ForkServer.start()
        threading.Thread(
            target=self._forget, args=(key, server), name="nexus-fork-server", daemon=True
        ).start()
        socket.send_fds(server.sock, [message], fds)

    def _forget(self, key: tuple[object, ...], server: _ForkServer) -> None:
        """Forget *server* once it has ended, as it does when it has nothing to do."""
        server.process.wait()
        with self._lock:
            if self._servers.get(key) is server:
                del self._servers[key]
            server.sock.close()


@dataclass(frozen=True)
class _ForkServer:
    """The process that forks."""

    process: subprocess.Popen[bytes]
    sock: socket.socket
    """It ends once this is closed, or this process has ended."""

    @classmethod
    def start(cls) -> _ForkServer:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            code = "from nexus.compiler.fork_server import main; sys.exit(main())"
            process = subprocess.Popen(
                child_python.command(code),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=child_python.environment(),
            )
        return cls(process, ours)

    def close(self) -> None:
        """Let the process end, and wait for that: it does nothing that takes long."""
        self.sock.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_S)


def _without_runtime(order: Order, work: Prepare) -> Order:
    """Return *order*, whose work is *work*, without the megabytes that the process has loaded."""
    program = replace(work.program, runtime=replace(work.program.runtime, source=b""))
    return replace(order, work=replace(work, artifact=b"", program=program))


def _fill(file: BinaryIO, order: Order) -> None:
    file.seek(0)
    file.truncate()
    file.write(order.write())
    file.flush()
    file.seek(0)
