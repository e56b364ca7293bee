"""What WASI lacks: sockets, threads and processes fail with an error that says why."""

import _thread
import errno
import os
import sys
import types

from nexus_adapt import when_imported

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


def _adapt_socket(socket):
    socket.socket.__init__ = _no_socket
    for name in ("create_connection", "create_server", "getaddrinfo", "gethostbyname"):
        setattr(socket, name, _no_socket)


def _adapt_threading(threading):
    threading._start_new_thread = _no_thread


def _adapt_subprocess(subprocess):
    subprocess.Popen.__init__ = _no_process
    subprocess.Popen.__del__ = lambda self: None  # it expects a complete object


def _adapt_futures(futures):
    """Make `concurrent.futures.thread`, which this build lacks."""
    from concurrent.futures._base import Executor

    class ThreadPoolExecutor(Executor):
        def __init__(self, *arguments, **named):
            pass

        submit = _no_thread

    module = types.ModuleType("concurrent.futures.thread", "Refuses to start threads.")
    module.ThreadPoolExecutor = ThreadPoolExecutor
    sys.modules.setdefault(module.__name__, module)


def install():
    _thread.start_new_thread = _no_thread
    os.system = _no_process
    when_imported("socket", _adapt_socket)
    when_imported("threading", _adapt_threading)
    when_imported("subprocess", _adapt_subprocess)
    when_imported("concurrent.futures", _adapt_futures)
