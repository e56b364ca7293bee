"""The module for handlers in Python: `from nexus import Request, Response`."""

from urllib.parse import parse_qsl as _parse_qsl
from urllib.parse import urlsplit as _urlsplit

import nexus_http as _http
import nexus_json as _json
from nexus_host import (  # noqa: F401
    ExtensionError,
    NotAvailable,
    PermissionDenied,
    emit,
    ext,
    log,
    state,
    view,
)
from nexus_http import FetchError  # noqa: F401
from nexus_kv import StoreFull, StoreUnavailable, kv  # noqa: F401
from nexus_later import wait_until  # noqa: F401


class Headers:
    """Header fields in order; names ignore case and may repeat."""

    def __init__(self, items=()):
        pairs = items.items() if hasattr(items, "items") else items
        self._items = [(str(name), str(value)) for name, value in pairs]

    @classmethod
    def _of(cls, pairs):
        """Return headers of *pairs* of strings, which they keep."""
        made = cls.__new__(cls)
        made._items = pairs
        return made

    def get(self, name, default=None):
        """Return the first value of *name*, or *default*."""
        wanted = name.lower()
        return next((v for n, v in self._items if n.lower() == wanted), default)

    def get_all(self, name):
        """Return all values of *name*."""
        wanted = name.lower()
        return [v for n, v in self._items if n.lower() == wanted]

    def add(self, name, value):
        self._items.append((str(name), str(value)))

    def __getitem__(self, name):
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name, value):
        del self[name]
        self.add(name, value)

    def __delitem__(self, name):
        wanted = name.lower()
        self._items = [(n, v) for n, v in self._items if n.lower() != wanted]

    def __contains__(self, name):
        return self.get(name) is not None

    def __iter__(self):
        return iter(dict.fromkeys(name for name, _ in self._items))

    def __len__(self):
        return len(self._items)

    def keys(self):
        return list(self)

    def values(self):
        return [value for _, value in self._items]

    def items(self):
        return list(self._items)

    def __repr__(self):
        return f"Headers({self._items!r})"


class Request:
    """An HTTP request."""

    def __init__(self, method, url, headers=(), body=b""):
        self.method, self.url, self.body = method, url, body
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)

    @property
    def path(self):
        return _target(self.url)[0]

    @property
    def query(self):
        """Return the query's parameters; the last one wins if a name repeats."""
        return _parameters(_target(self.url)[1])

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return _json.loads(self.body)

    def form(self):
        """Return the fields of a form: strings, and in a multipart form also `File`s."""
        kind = self.headers.get("content-type", "")
        if kind.lower().startswith("multipart/form-data"):
            return _multipart(kind, self.body)
        return _parameters(self.text())

    def __repr__(self):
        return f"<Request {self.method} {self.url}>"


def _target(url):
    """Return path and query of *url*, those of requests without `urlsplit`: it takes as long as a
    small handler."""
    slash = url.find("/", 8)
    if slash < 0 or not url.startswith(("http://", "https://")) or "#" in url or "?" in url[:slash]:
        found = _urlsplit(url)
        return found.path, found.query
    path, _, query = url[slash:].partition("?")
    return path, query


def _parameters(query):
    if "%" in query or "+" in query:
        return dict(_parse_qsl(query, keep_blank_values=True))
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {name: value for name, _, value in pairs}


class File:
    """A file that a form uploads."""

    def __init__(self, filename, content_type, content):
        self.filename, self.content_type, self.content = filename, content_type, content

    def read(self):
        """Return the content."""
        return self.content

    def text(self):
        """Return the content as text in UTF-8. Raises: UnicodeDecodeError."""
        return self.content.decode()


class ScheduledEvent:
    """The first argument of `scheduled`."""

    def __init__(self, cron, due_ms):
        self.cron, self.scheduled_ms = cron, due_ms

    @property
    def scheduled_time(self):
        """The due time, a datetime in UTC."""
        from datetime import datetime, timezone

        return datetime.fromtimestamp(self.scheduled_ms / 1000, timezone.utc)


class Response:
    """An HTTP response; *body* is text, bytes, or any value that JSON can hold."""

    def __init__(self, body="", status=200, headers=()):
        self.status = int(status)
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.body = body

    @classmethod
    def json(cls, value, status=200, headers=()):
        made = cls(_json.dumps(value).encode(), status, headers)
        if "content-type" not in made.headers:
            made.headers["content-type"] = "application/json"
        return made

    def encoded(self):
        """Return the body as bytes; add a content-type if the headers have none."""
        body, kind = self.body, None
        if isinstance(body, str):
            body, kind = body.encode(), "text/plain; charset=utf-8"
        elif body is None:
            body = b""
        elif not isinstance(body, (bytes, bytearray, memoryview)):
            body, kind = _json.dumps(body).encode(), "application/json"
        if kind and "content-type" not in self.headers:
            self.headers.add("content-type", kind)
        return bytes(body)


class Fetched(Response):
    """The answer of another server; a handler may return it."""

    def __init__(self, outcome, body):
        super().__init__(body, outcome["status"], outcome["headers"])
        self.reason, self.url, self.redirected = (
            outcome[name] for name in ("reason", "url", "redirected")
        )

    @property
    def ok(self):
        return 200 <= self.status <= 299

    def text(self):
        return self._whole().decode("utf-8", "replace")

    def json(self):
        return _json.loads(self._whole())

    def _whole(self):
        return self.body if isinstance(self.body, bytes) else self.body.read()


def fetch(
    url, method="GET", headers=(), body=b"", *, redirect="follow", timeout=None, stream=False
):
    """Send a request to a server that the manifest grants; return its answer (`Fetched`), or inside
    a running event loop a future of it. *timeout* is in seconds. With *stream* the answer's `body`
    is a file, whose parts are received as the handler reads them, by `read(n)` or by iteration."""
    if isinstance(body, str):
        body = body.encode()
    make = Fetched
    if stream:

        def make(outcome, content):
            return Fetched(outcome, _http.Parts(_http.Body(outcome, content), 1 << 16))

    return _http.send(method, url, headers, bytes(body), redirect, timeout, make, stream)


def _multipart(kind, body):
    from email.parser import BytesParser
    from email.policy import HTTP

    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    fields = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        filename = part.get_filename()
        if filename is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            fields[name] = File(filename, part.get_content_type(), content)
    return fields
