"""An event loop without sockets: timers, tasks, gather, wait_for, queues and locks."""

import asyncio
import selectors
import socket
import time

import nexus_host
import nexus_http


class _Nothing(selectors.BaseSelector):
    """Waits only for time, since a guest has no files or sockets to wait for."""

    def __init__(self):
        self.loop = None
        self.timeout = None
        """the last wait in seconds; None: until an answer comes"""

    def register(self, fileobj, events, data=None):
        raise ValueError("a handler has no sockets to wait for")

    unregister = modify = register

    def select(self, timeout=None):
        if timeout is not None and timeout <= 0:
            return []
        if nexus_http.under_way:
            nexus_http.wait(timeout)
        elif nexus_host.waiting:
            self.timeout = timeout
            self.loop.stop()
        elif timeout is None:
            raise RuntimeError("the handler waits for something that can never happen")
        else:
            time.sleep(timeout)
        return []

    def get_map(self):
        return {}

    def close(self):
        pass


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.nothing = _Nothing()
        super().__init__(self.nothing)
        self.nothing.loop = self

    def _make_self_pipe(self):
        pass

    def _close_self_pipe(self):
        pass

    def _write_to_self(self):
        pass

    async def getaddrinfo(self, *arguments, **named):
        return socket.getaddrinfo()  # raises: a handler has no sockets


class _Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = _Loop


asyncio.set_event_loop_policy(_Policy())  # for asyncio.run

_task = None
_made = [_Loop()]
"""a loop for the first coroutine of each request, made before the snapshot"""


def make_ready():
    """Forget the coroutines of the warm-up, and make the loop of the next."""
    global _task
    _task = None
    _made[:] = [_Loop()]


def run(coroutine):
    """Run *coroutine* to its end, and return its value, or a `Waits`."""
    global _task
    loop = _made.pop() if _made else _Loop()
    asyncio.set_event_loop(loop)
    _task = loop.create_task(coroutine)
    _task.add_done_callback(lambda task: loop.stop())
    return go_on()


def go_on(call=None, *arguments):
    """Run the loop until the coroutine has ended or waits. *call* is called with *arguments* after
    the timers that are due.
    """
    loop = _task.get_loop()
    if call is not None:
        loop.call_later(0, call, *arguments)
    while not _task.done():
        loop.run_forever()
        if not _task.done() and nexus_host.waiting:
            return nexus_host.Waits(loop.nothing.timeout)
    asyncio.set_event_loop(None)
    return _task.result()


def run_to_end(awaitable):
    """Run *awaitable* to its end: a task in its own loop, anything else in the handler's."""
    if asyncio.isfuture(awaitable):
        loop = awaitable.get_loop()
    else:  # the handler's own loop, if it had one: what is waited for may belong to it
        loop = _Loop() if _task is None else _task.get_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(awaitable)
    finally:
        asyncio.set_event_loop(None)
