"""Requests to other servers, which the host sends: the form of the messages, and the waits.

`urllib.request` sends its requests by them, too: it is adapted when a handler imports it.
"""

import io
import json
import sys
import time

import nexus_host as host
from nexus_adapt import when_imported

_REQUEST = b"\2"

under_way = {}
"""what to call with the outcome of each request, by the numbers that the host gave them"""


class FetchError(OSError):
    """A request to another server failed."""


FetchError.__module__ = "nexus"


def start(method, url, headers, body, redirect, done, stream=False):
    """Let the host send a request; return its number. *done* is called with the outcome (a dict)
    and the response's body; with *stream* `Body` may have to read it on."""
    fields = headers.items() if hasattr(headers, "items") else headers
    head = {"method": method, "url": url, "redirect": redirect, "stream": stream}
    head["headers"] = [(str(name), str(value)) for name, value in fields]
    status, answer = host.exchange(_REQUEST + json.dumps(head).encode() + b"\n" + body)
    number = json.loads(answer)
    if status:
        raise host.error_of(status)(number)
    under_way[number] = done
    return number


def wait(timeout):
    """Wait until a request has ended, and call its function; return False if none has within
    *timeout* seconds (None: however long it takes)."""
    words = ["http_wait", -1 if timeout is None else max(timeout, 0.0) * 1000]
    status, answer = host.ask_raw(words)
    if status:
        raise host.error_of(status)(json.loads(answer))
    head, _, body = answer.partition(b"\n")
    outcome = json.loads(head)
    if outcome is None:
        return False
    under_way.pop(outcome["number"])(outcome, body)
    return True


def cancel(number):
    """Drop the request of this number."""
    if under_way.pop(number, None) is not None:
        host.ask_raw(["http_cancel", number])


def failure(outcome):
    """Return the exception for an outcome; None if it is a response."""
    kind = outcome.get("kind")
    if kind is None:
        return None
    kinds = {"denied": host.PermissionDenied, "timeout": TimeoutError, "invalid": ValueError}
    return kinds.get(kind, FetchError)(outcome["message"])


class Body(io.RawIOBase):
    """The body of an answer, which the host reads part by part, as the guest does."""

    def __init__(self, outcome, content):
        self._part, self._at = content, 0
        self._number = outcome["number"] if outcome.get("more") else None

    def readable(self):
        return True

    def readinto(self, buffer):
        while self._at == len(self._part) and self._number is not None:
            self._read_on()
        end = self._at + min(len(buffer), len(self._part) - self._at)
        count = end - self._at
        buffer[:count] = self._part[self._at : end]
        self._at = end
        return count

    def _read_on(self):
        number, ended = self._number, []
        status, answer = host.ask_raw(["http_read", number])
        if status:
            self._number = None
            raise FetchError(json.loads(answer))
        under_way[number] = lambda *found: ended.append(found)
        while not ended:
            wait(None)
        outcome, self._part = ended[0]
        self._at = 0
        if not outcome.get("more"):
            self._number = None
        error = failure(outcome)
        if error is not None:
            raise error

    def close(self):
        number, self._number = self._number, None
        if number is not None:
            under_way.pop(number, None)
            host.ask_raw(["http_cancel", number])
        super().close()


class Parts(io.BufferedReader):
    """A body whose iterator gives parts as they come, not lines: a handler may return it."""

    def __next__(self):
        part = self.read1(1 << 16)
        if not part:
            raise StopIteration
        return part


def send(method, url, headers, body, redirect, timeout, make, stream=False):
    """Send a request. Return what *make* makes of outcome and body, or inside a running event loop
    a future of it."""
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events else None
    if loop is None:
        return send_and_wait(method, url, headers, body, redirect, timeout, make, stream)
    future = loop.create_future()

    def done(outcome, content):
        error = failure(outcome)
        if future.done():
            return
        if error is None:
            future.set_result(make(outcome, content))
        else:
            future.set_exception(error)

    number = start(method, url, headers, body, redirect, done, stream)
    future.add_done_callback(lambda future: cancel(number))
    if timeout is not None:
        late = TimeoutError(f"no answer within {timeout:g} s")
        timer = loop.call_later(timeout, lambda: future.done() or future.set_exception(late))
        future.add_done_callback(lambda future: timer.cancel())
    return future


def send_and_wait(method, url, headers, body, redirect, timeout, make, stream=True):
    """Send a request; return what *make* makes of outcome and body."""
    ended = []
    number = start(method, url, headers, body, redirect, lambda *found: ended.append(found), stream)
    end = None if timeout is None else time.monotonic() + timeout
    while not ended:
        left = None if end is None else end - time.monotonic()
        if (left is not None and left <= 0) or not wait(left):
            cancel(number)
            raise TimeoutError(f"no answer within {timeout:g} s")
    outcome, content = ended[0]
    error = failure(outcome)
    if error is not None:
        raise error
    return make(outcome, content)


# ---- urllib.request


def _adapt(module):
    """Let *module*, which is `urllib.request`, send by the host."""
    from http.client import HTTPMessage
    from urllib.error import URLError
    from urllib.response import addinfourl

    class Answer(addinfourl):
        """What http.client's responses have, as far as programs use it."""

        def getheader(self, name, default=None):
            return self.headers.get(name, default)

        def getheaders(self):
            return self.headers.items()

    def make(outcome, content):
        headers = HTTPMessage()
        for name, value in outcome["headers"]:
            headers[name] = value
        content = io.BufferedReader(Body(outcome, content), 1 << 16)
        found = Answer(content, headers, outcome["url"], outcome["status"])
        found.msg = found.reason = outcome["reason"]
        return found

    def opened(request):
        timeout = request.timeout if isinstance(request.timeout, (int, float)) else None
        data = request.data
        if data is not None and not isinstance(data, bytes):
            data = data.read() if hasattr(data, "read") else b"".join(data)
        fields = request.header_items()
        try:
            return send_and_wait(
                request.get_method(), request.full_url, fields, data or b"", "manual", timeout, make
            )
        except (FetchError, ValueError) as error:
            raise URLError(error) from error

    class HTTPHandler(module.HTTPHandler):
        def http_open(self, request):
            return opened(request)

        https_open = http_open
        https_request = module.HTTPHandler.http_request

    module.HTTPHandler = HTTPHandler
    if hasattr(module, "HTTPSHandler"):
        del module.HTTPSHandler


def install():
    when_imported("urllib.request", _adapt)
