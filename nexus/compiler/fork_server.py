"""The process that loads a language runtime once and forks to prepare each handler.

It runs no handler's code itself. Two processes are forked for each order: one that prepares, like
the compiler's child does, and one that waits for it, limits its time and says how it ended.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import select
import signal
import socket
import sys
import time
from dataclasses import replace
from typing import Final, NoReturn

from nexus.compiler import child
from nexus.compiler.artifact import Artifact, unpack
from nexus.compiler.orders import Order, Prepare, read_order
from nexus.guest import Abis
from nexus.model import Compiled
from nexus.plugin_api.abi import AbiBase
from nexus.plugin_api.engine import Engine, HoldsArtifacts

IDLE_S: Final = 10_000
"""After so many milliseconds without an order the process ends; the next order starts another"""
TIMEOUT: Final = 1000
"""the status of a child that was ended because it took too long"""
_MOST_STDERR_BYTES: Final = 32768


def main() -> int:
    """Fork for each order that arrives on the socket that is stdin."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that wait
    sock = socket.socket(fileno=os.dup(0))
    loaded: _Loaded | None = None
    while True:
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        if not poller.poll(IDLE_S):
            return 0
        message, fds, _, _ = socket.recv_fds(sock, 64, 3)
        if not message:
            return 0
        given, answer, says = fds
        with open(given, "rb") as file:
            order = read_order(file)
        if loaded is None:
            loaded = _Loaded(order)
        order = loaded.completed(order)
        if os.fork() == 0:
            sock.close()
            _wait_for_child(loaded, order, float(message), answer, says)
        os.close(answer)
        os.close(says)


class _Loaded:
    """What all orders to this process share."""

    def __init__(self, order: Order) -> None:
        work = order.work
        assert isinstance(work, Prepare)
        self.engine: Engine = child._engine(order.terms)
        runtime = unpack(work.artifact, work.runtime_key)
        assert isinstance(runtime, Compiled)
        self.runtime, self._module = runtime, work.program.runtime
        if isinstance(self.engine, HoldsArtifacts):
            self._held = self.engine.hold(runtime.artifact)  # for all children
        self.abis: Abis = child._abis(order.terms)
        abi = self.abis.named(work.program.abi)
        for name in ("nexus.compiler.prepare", *getattr(abi, "set_up_modules", ())):
            importlib.import_module(name)
        if isinstance(abi, AbiBase):
            abi.warm_up(self._module)

    def completed(self, order: Order) -> Order:
        """Return *order* with the runtime's module, which only the first order brings."""
        work = order.work
        assert isinstance(work, Prepare)
        return replace(
            order, work=replace(work, program=replace(work.program, runtime=self._module))
        )


def _wait_for_child(
    loaded: _Loaded, order: Order, timeout_s: float, answer: int, says: int
) -> NoReturn:
    """Fork the process that prepares, and say how it ended; end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    stderr = os.memfd_create("nexus-stderr", os.MFD_CLOEXEC)
    prepares = os.fork()
    if prepares == 0:
        _prepare(loaded, order, answer, stderr)
    status = _ended(prepares, says, timeout_s)
    said = os.pread(stderr, _MOST_STDERR_BYTES, max(0, os.fstat(stderr).st_size - 4096))
    try:
        os.write(says, b"%d\n" % status + said)
    finally:
        os._exit(0)


def _ended(process: int, says: int, timeout_s: float) -> int:
    """Wait for *process*; kill it if it takes too long, or if nobody waits for the answer. Return
    its exit status, the signal that ended it as a negative number, or `TIMEOUT`."""
    until = time.monotonic() + timeout_s
    poller = select.poll()
    poller.register(os.pidfd_open(process), select.POLLIN)
    poller.register(says, 0)  # reports that the reader has gone
    if not poller.poll(max(1, int((until - time.monotonic()) * 1000))):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return TIMEOUT
    found, status = os.waitpid(process, os.WNOHANG)
    if found == 0:
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def _prepare(loaded: _Loaded, order: Order, answer: int, stderr: int) -> NoReturn:
    """Prepare the handler of *order*, in this process, and end."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(child._PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(stderr, 1)
        os.dup2(stderr, 2)
        work = order.work
        assert isinstance(work, Prepare)
        abi = loaded.abis.named(work.program.abi)

        def fulfil() -> Artifact:
            from nexus.compiler.prepare import prepare

            return prepare(loaded.engine, loaded.runtime, abi, work.program, order.terms.key)

        with os.fdopen(answer, "wb") as file:
            status = child.execute(order.terms, fulfil, file)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
