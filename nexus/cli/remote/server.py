"""A running server, as a command asks it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT: Final = "http://127.0.0.1:8000"
_TIMEOUT_S: Final = 30.0
_MOST_BYTES: Final = 64 << 20
_PAUSE_S: Final = 1.0
"""How long to wait before asking again for events that ended"""


def server_options(function: F) -> F:
    """Add `--url URL` and `--token TOKEN`."""
    function = click.option(
        "--token",
        envvar=["NEXUS_TOKEN", "NEXUS_ADMIN_TOKEN"],
        metavar="TOKEN",
        help="Token for the runtime API; also $NEXUS_TOKEN or $NEXUS_ADMIN_TOKEN.",
    )(function)
    return click.option(
        "--url",
        envvar="NEXUS_URL",
        default=DEFAULT,
        show_default=True,
        metavar="URL",
        help="The server; with management_bind, its management address. Also $NEXUS_URL.",
    )(function)


class Server:
    """Requests to one server. An error becomes a ClickException that names the server."""

    def __init__(self, url: str, token: str | None) -> None:
        """Raises: UsageError for a URL of another kind."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise click.UsageError(f"--url: found {url!r}, allowed: http://HOST:PORT or https://…")
        self._url, self._token = url.rstrip("/"), token

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Return the body of the answer at *path*. Raises: ClickException."""
        with self._open(path, query or {}, {}) as answer:
            return answer.read(_MOST_BYTES)

    def json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at *path*. Raises: ClickException."""
        try:
            return json.loads(self.get(path, query))
        except ValueError as error:
            raise click.ClickException(
                f"{self._url}{path} is not a Nexus server: {error}"
            ) from error

    def events(self, path: str, query: Mapping[str, str], last: str) -> Iterator[Any]:
        """Return the events at *path* after the one with the id *last*, without end: a stream that
        ends or breaks is asked for again. Raises: ClickException at the first request."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
        stream: HTTPResponse | None = self._open(path, query, headers)
        while True:
            if stream is not None:
                with stream:
                    for mark, event in _read(stream):
                        headers["Last-Event-ID"] = mark or headers["Last-Event-ID"]
                        yield event
            time.sleep(0 if stream is not None else _PAUSE_S)
            try:
                stream = self._open(path, query, headers)
            except click.ClickException:  # the server starts again, say
                stream = None

    def _open(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> HTTPResponse:
        target = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        authorization = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        request = urllib.request.Request(target, headers={**headers, **authorization})
        try:
            found: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            with error:
                raise click.ClickException(_refused(target, error)) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise click.ClickException(f"cannot reach {self._url}: {reason}") from error
        return found


def _read(stream: HTTPResponse) -> Iterator[tuple[str, Any]]:
    """Return the events of one stream, each with its id, until it ends or breaks."""
    mark = ""
    try:
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                mark = value
            elif name == "data":
                yield mark, json.loads(value)
                mark = ""
    except (OSError, HTTPException):
        return


def _refused(target: str, error: urllib.error.HTTPError) -> str:
    try:
        detail = json.loads(error.read())["detail"]
    except (ValueError, KeyError, TypeError, OSError):
        detail = error.reason
    hint = ""
    if error.code == 401:
        hint = "; name the token by --token or NEXUS_TOKEN"
    elif error.code == 404:
        hint = (
            "; the runtime API needs an admin token (NEXUS_ADMIN_TOKEN) where the server starts, "
            "and is on its management address if there is one"
        )
    return f"{target}: {error.code}: {detail}{hint}"
