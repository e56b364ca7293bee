"""A running server, as a command asks it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT: Final = "http://127.0.0.1:8000"
_TIMEOUT_S: Final = 30.0
_CALL_TIMEOUT_S: Final = 600.0
"""The longest to wait for the answer to a call: a deploy may compile a language runtime first"""
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


@dataclass(frozen=True)
class Answer:
    """The answer to a call of the runtime API."""

    status: int
    value: Any
    tag: str
    """its `ETag`, as it stands there"""


class Server:
    """Requests to one server. An error becomes a ClickException that says what to do."""

    def __init__(self, url: str, token: str | None) -> None:
        """Raises: UsageError for a URL of another kind."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise click.UsageError(f"--url: found {url!r}, allowed: http://HOST:PORT or https://…")
        self._url, self._token = url.rstrip("/"), token

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Return the body of the answer at *path*. Raises: ClickException."""
        with self._open(_with(path, query or {}), {}) as answer:
            return answer.read(_MOST_BYTES)

    def json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at *path*. Raises: ClickException."""
        return self._parsed(path, self.get(path, query))

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send *body* to *path*, and return the answer. Raises: ClickException."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._open(path, given, method, body, timeout_s=_CALL_TIMEOUT_S) as answer:
            content = answer.read(_MOST_BYTES)
            value = self._parsed(path, content) if content else None
            return Answer(answer.status, value, answer.headers.get("ETag", ""))

    def events(self, path: str, query: Mapping[str, str], last: str) -> Iterator[Any]:
        """Return the events at *path* after the one with the id *last*, without end: a stream that
        ends or breaks is asked for again. Raises: ClickException at the first request."""
        target = _with(path, query)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
        stream: HTTPResponse | None = self._open(target, headers)
        while True:
            if stream is not None:
                with stream:
                    for mark, event in _read(stream):
                        headers["Last-Event-ID"] = mark or headers["Last-Event-ID"]
                        yield event
            time.sleep(0 if stream is not None else _PAUSE_S)
            try:
                stream = self._open(target, headers)
            except click.ClickException:  # the server starts again, say
                stream = None

    def _open(
        self,
        target: str,
        headers: Mapping[str, str],
        method: str = "GET",
        body: bytes | None = None,
        *,
        timeout_s: float = _TIMEOUT_S,
    ) -> HTTPResponse:
        url = self._url + target
        authorization = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        request = urllib.request.Request(
            url, data=body, headers={**headers, **authorization}, method=method
        )
        try:
            found: HTTPResponse = urllib.request.urlopen(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise click.ClickException(_refused(url, error)) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise click.ClickException(
                f"cannot reach {self._url}: {reason}; start the server, or name it with --url"
            ) from error
        return found

    def _parsed(self, path: str, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError as error:
            raise click.ClickException(
                f"{self._url}{path} is not a Nexus server: {error}"
            ) from error


def _with(path: str, query: Mapping[str, str]) -> str:
    return path + (f"?{urlencode(query)}" if query else "")


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


def _refused(url: str, error: urllib.error.HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        code, detail = problem["code"], problem["detail"]
    except (ValueError, KeyError, TypeError, OSError):
        return f"{url}: {error.code} {error.reason}; it may not be a Nexus server"
    if error.code == 401:
        return f"{url}: 401: {detail}; give it with --token or in NEXUS_TOKEN"
    if code == "HANDLER_NOT_FOUND" and "served at this path" in detail:
        return (
            f"{url}: no runtime API: start the server with NEXUS_ADMIN_TOKEN set, or name its "
            "management address with --url if it has one"
        )
    if error.code == 412:
        return f"{detail}; somebody else has deployed meanwhile"
    return f"{code}: {detail}"
