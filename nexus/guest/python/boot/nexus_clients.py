"""Lets the packages `requests` and `httpx`, where a handler brings them, send by the host.

Each is adapted where it would connect: all above, such as sessions, redirects, cookies and
authentication, is its own. What a handler says about connections (`verify`, `cert`, proxies and
so on) has no effect: the host connects, and verifies certificates.
"""

import io
import sys

import nexus_http as http
from nexus_adapt import Finder
from nexus_host import PermissionDenied


def _bytes(body):
    """Return a request's body as bytes: it may be text, a file, or an iterable of bytes."""
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, (bytes, bytearray, memoryview)) else b"".join(body)


def _longest(*times):
    """Return the longest of *times* in seconds; None without times."""
    return max((time for time in times if isinstance(time, (int, float))), default=None)


# ---- requests


def _adapt_requests(adapters):
    from email.message import Message

    from requests import exceptions
    from urllib3 import HTTPHeaderDict, HTTPResponse
    from urllib3.exceptions import ProtocolError

    class Original:
        """What http.client's response has, as far as `requests` looks for cookies in it."""

        def __init__(self, pairs):
            self.msg = Message()
            for name, value in pairs:
                self.msg[name] = value

        def isclosed(self):
            return False

        def close(self):
            pass

    class Answer(HTTPResponse):
        def stream(self, amt=None, decode_content=None):
            """Give the parts of the body as they come; the host has decoded it."""
            try:
                while part := self._fp.read1(amt or 1 << 16):
                    yield part
            except OSError as error:
                raise ProtocolError(str(error), error) from error

    def made(outcome, content):
        pairs = outcome["headers"]
        return Answer(
            io.BufferedReader(http.Body(outcome, content), 1 << 16),
            HTTPHeaderDict(pairs),
            outcome["status"],
            reason=outcome["reason"],
            preload_content=False,
            original_response=Original(pairs),
        )

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        times = timeout if isinstance(timeout, tuple) else (timeout,)
        fields = request.headers.items()
        parts = request.method, request.url, fields, _bytes(request.body), "manual"
        try:
            answer = http.send_and_wait(*parts, _longest(*times), made)
        except PermissionDenied:
            raise
        except TimeoutError as error:
            raise exceptions.ReadTimeout(error, request=request) from error
        except ValueError as error:
            raise exceptions.InvalidURL(error, request=request) from error
        except OSError as error:
            raise exceptions.ConnectionError(error, request=request) from error
        return self.build_response(request, answer)

    adapters.HTTPAdapter.send = send


# ---- httpx


def _adapt_httpx(transports):
    class Parts(transports.SyncByteStream, transports.AsyncByteStream):
        """The body of an answer. Reading waits, also where it is asynchronous."""

        def __init__(self, body):
            self._body = body

        def __iter__(self):
            try:
                yield from self._body
            except OSError as error:
                raise transports.ReadError(str(error)) from error

        async def __aiter__(self):
            for part in self:
                yield part

        def close(self):
            self._body.close()

        async def aclose(self):
            self._body.close()

    def made(outcome, content):
        return transports.Response(
            status_code=outcome["status"],
            headers=outcome["headers"],
            stream=Parts(http.Parts(http.Body(outcome, content), 1 << 16)),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": outcome["reason"].encode("latin-1", "replace"),
            },
        )

    def parts_of(request, body):
        timeout = _longest(*request.extensions.get("timeout", {}).values())
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ]
        return request.method, str(request.url), pairs, body, "manual", timeout, made

    def failure(error):
        """Return what httpx would raise."""
        if isinstance(error, PermissionDenied):
            return error
        if isinstance(error, TimeoutError):
            return transports.ReadTimeout(str(error))
        made = transports.UnsupportedProtocol if isinstance(error, ValueError) else None
        return (made or transports.ConnectError)(str(error))

    def no_pool(self, *arguments, **named):
        pass

    def handle_request(self, request):
        try:
            return http.send_and_wait(*parts_of(request, b"".join(request.stream)))
        except (OSError, ValueError) as error:
            raise failure(error) from error

    async def handle_async_request(self, request):
        body = b"".join([part async for part in request.stream])
        try:
            return await http.send(*parts_of(request, body), stream=True)
        except (OSError, ValueError) as error:
            raise failure(error) from error

    async def aenter(self):
        return self

    async def aexit(self, *raised):
        pass

    plain, asynchronous = transports.HTTPTransport, transports.AsyncHTTPTransport
    for kind in (plain, asynchronous):
        kind.__init__ = no_pool
    plain.handle_request, asynchronous.handle_async_request = handle_request, handle_async_request
    plain.close, asynchronous.aclose = no_pool, aexit
    plain.__enter__, plain.__exit__ = (lambda self: self), no_pool
    asynchronous.__aenter__, asynchronous.__aexit__ = aenter, aexit


def install():
    """Call this once a handler's own packages can be imported."""
    pending = {
        "requests.adapters": _adapt_requests,
        "httpx._transports.default": _adapt_httpx,
    }
    sys.meta_path.insert(0, Finder(pending))
