"""Messages between the workers of one pod over Unix sockets, in a private folder."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from nexus.errors import Overloaded, ShuttingDown
from nexus.suspension import wire
from nexus.suspension.threads import RunThreads

log = logging.getLogger("nexus.suspension")

Serve = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers one message from another worker"""

TIMEOUT_S: Final = 5.0
"""Limit for quick steps (connecting, sending, listing); a slower worker counts as silent"""
_STACK_BYTES: Final = 1 << 20
_BACKLOG: Final = 128
_SUFFIX: Final = ".sock"


class Peers:
    """This worker's socket, and the connections to the others'. Thread-safe.

    One thread accepts; each message is answered on its own thread, since resuming an execution
    takes as long as the execution runs.
    """

    def __init__(self, folder: Path, worker: str, serve: Serve) -> None:
        """*folder*: only this user may enter it. Raises: OSError."""
        self._worker, self._serve = worker, serve
        self._threads = RunThreads(_STACK_BYTES, lambda: None)
        # An address has up to 107 bytes; the folder's name may be longer, its descriptor is short.
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Others see the socket once it listens: one that refuses them counts as left behind, and
        # is removed.
        self._socket.bind(f"/proc/self/fd/{self._folder}/{worker}")
        self._socket.listen(_BACKLOG)
        os.rename(worker, f"{worker}{_SUFFIX}", src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._thread = threading.Thread(target=self._accept, name="nexus-peers", daemon=True)

    def _address(self, worker: str) -> str:
        return f"/proc/self/fd/{self._folder}/{worker}{_SUFFIX}"

    def start(self) -> None:
        """Begin answering messages."""
        self._thread.start()

    def others(self) -> list[str]:
        """Return the names of the other workers; some may have ended meanwhile."""
        names = [name for name in os.listdir(self._folder) if name.endswith(_SUFFIX)]
        found = (name.removesuffix(_SUFFIX) for name in names)
        return sorted(name for name in found if name != self._worker)

    def ask(
        self, worker: str, message: dict[str, Any], timeout_s: float | None = None
    ) -> dict[str, Any] | None:
        """Send *message*; return the answer of *worker*, None if the worker has ended.

        *timeout_s*: limits the wait for the answer; None: no limit. Raises: Overloaded if no
        answer comes in time.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_S)
            try:
                connection.connect(self._address(worker))
                wire.send(connection, message)
                connection.settimeout(timeout_s)
                return wire.receive(connection)
            except (TimeoutError, BlockingIOError) as error:  # the second: its backlog is full
                raise Overloaded(f"worker {worker} does not answer") from error
            except ConnectionRefusedError:  # the worker was killed, and left its socket behind
                self._remove(worker)
                return None
            except OSError:
                return None

    def ask_all(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Send *message* to all others; return the answers that come at once."""
        answers = []
        for worker in self.others():
            with contextlib.suppress(Overloaded):
                answer = self.ask(worker, message, TIMEOUT_S)
                if answer is not None:
                    answers.append(answer)
        return answers

    def close(self, grace_s: float) -> None:
        """Accept no more messages; wait up to *grace_s* for those being answered."""
        self._remove(self._worker)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()
        self._threads.close(grace_s)
        os.close(self._folder)

    def _remove(self, worker: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{worker}{_SUFFIX}", dir_fd=self._folder)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            try:
                self._threads.submit("peer", partial(self._answer, connection))
            except ShuttingDown as error:
                log.warning("cannot accept another worker's message: %s", error)
                connection.close()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(TIMEOUT_S)
                message = wire.receive(connection)
                if message is not None:
                    wire.send(connection, self._serve(message))
            except (OSError, ValueError) as error:
                log.warning("another worker's message was not answered: %s", error)
