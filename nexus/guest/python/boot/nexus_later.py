"""Work that goes on after the answer to an HTTP request has left: `wait_until`."""

import sys

import nexus_host

works = []
"""what runs after the answer, in this order"""
allowed = False
"""whether the task under way is an HTTP request, or the call of a schedule"""


def wait_until(work):
    """Go on with *work* after the answer: an awaitable, or a function without arguments."""
    if not allowed:
        raise nexus_host.NotAvailable("wait_until works in an HTTP request and in scheduled")
    if nexus_host.awaitable(work):
        asyncio = sys.modules.get("asyncio")
        if asyncio is not None and asyncio._get_running_loop() is not None:
            work = asyncio.ensure_future(work)  # it begins at once, beside the handler
    elif not callable(work):
        raise TypeError(f"wait_until takes an awaitable or a function, not {work!r:.80}")
    works.append(work)


class Context:
    """The third argument of `fetch`."""

    __slots__ = ()

    wait_until = waitUntil = staticmethod(wait_until)


CONTEXT = Context()


def _do(work):
    if callable(work):
        work = work()
    if nexus_host.awaitable(work):
        import nexus_loop  # loaded by set-up, if the handler mentions async code

        nexus_loop.run_to_end(work)


def _errors():
    """Do all works, and yield their errors."""
    for work in works:  # the list may grow meanwhile
        try:
            _do(work)
        except Exception as error:
            yield error


def finish_or_fail():
    """Do all works before the answer, then raise their first error."""
    errors = list(_errors())
    works.clear()
    if errors:
        raise errors[0]


def finish(trace):
    """Do all works. Write errors to the log, as *trace* shows them."""
    for error in _errors():
        sys.stderr.marked("<3>", trace(error)[0] + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
