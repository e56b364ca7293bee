"""An event loop without sockets: timers, tasks, gather, wait_for, queues and locks."""

import asyncio
import selectors
import socket
import time

import nexus_host

WAITS = object()
"""stands for a result while the handler waits for an extension's answer"""


class _Nothing(selectors.BaseSelector):
    """Waits only for time, since a guest has no files or sockets to wait for."""

    def __init__(self):
        self.loop = None

    def register(self, fileobj, events, data=None):
        raise ValueError("a handler has no sockets to wait for")

    unregister = modify = register

    def select(self, timeout=None):
        if timeout is not None and timeout <= 0:
            return []
        if nexus_host.waiting:  # ask, before any timer is due
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
        nothing = _Nothing()
        super().__init__(nothing)
        nothing.loop = self

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


def run(coroutine):
    """Run *coroutine* to its end, and return its value, or `WAITS`."""
    global _task
    loop = _Loop()
    asyncio.set_event_loop(loop)
    _task = loop.create_task(coroutine)
    _task.add_done_callback(lambda task: loop.stop())
    return go_on()


def go_on():
    """Run the loop until the coroutine has ended or only an extension's answer can continue it."""
    loop = _task.get_loop()
    while not _task.done():
        loop.run_forever()
        if not _task.done() and nexus_host.waiting:
            return WAITS
    asyncio.set_event_loop(None)
    return _task.result()
