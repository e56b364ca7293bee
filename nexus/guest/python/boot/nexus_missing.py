"""What WASI lacks: sockets, threads and processes fail with an error that says why."""

import errno
import os
import socket
import subprocess
import sys
import threading
import types

_SOCKETS = "a handler has no sockets; it reaches other servers by nexus.fetch or urllib.request"
_THREADS = "a handler has one thread; asyncio runs work that waits side by side"
_PROCESSES = "a handler cannot start processes"


def _refusing(make):
    def refuse(*arguments, **named):
        raise make()

    return refuse


_no_socket = _refusing(lambda: OSError(errno.ENOTSUP, _SOCKETS))
_no_thread = _refusing(lambda: RuntimeError(_THREADS))
_no_process = _refusing(lambda: OSError(errno.ENOTSUP, _PROCESSES))


def _no_executor():
    """Return the module `concurrent.futures.thread`, which this build lacks."""
    from concurrent.futures import _base

    class ThreadPoolExecutor(_base.Executor):
        def __init__(self, *arguments, **named):
            pass

        submit = _no_thread

    module = types.ModuleType("concurrent.futures.thread", "Refuses to start threads.")
    module.ThreadPoolExecutor = ThreadPoolExecutor
    return module


def install():
    socket.socket.__init__ = _no_socket
    for name in ("create_connection", "create_server", "getaddrinfo", "gethostbyname"):
        setattr(socket, name, _no_socket)
    sys.modules["_thread"].start_new_thread = threading._start_new_thread = _no_thread
    subprocess.Popen.__init__ = _no_process
    subprocess.Popen.__del__ = lambda self: None  # it expects a complete object
    os.system = _no_process
    sys.modules.setdefault("concurrent.futures.thread", _no_executor())
