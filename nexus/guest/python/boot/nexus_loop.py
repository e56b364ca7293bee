"""An event loop without sockets: timers, tasks, gather, wait_for, queues and locks."""

import asyncio
import selectors
import time


class _Nothing(selectors.BaseSelector):
    """Waits only for time, since a guest has no files or sockets to wait for."""

    def register(self, fileobj, events, data=None):
        raise ValueError("a handler has no sockets to wait for")

    unregister = modify = register

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("the handler waits for something that can never happen")
        if timeout > 0:
            time.sleep(timeout)
        return []

    def get_map(self):
        return {}

    def close(self):
        pass


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__(_Nothing())

    def _make_self_pipe(self):
        pass

    def _close_self_pipe(self):
        pass


def run(coroutine):
    """Run *coroutine* to its end, and return its value."""
    loop = _Loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        asyncio.set_event_loop(None)
