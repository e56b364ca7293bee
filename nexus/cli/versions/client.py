"""One request to a server's runtime API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

TIMEOUT_S: Final = 600.0
"""The longest to wait for an answer: a deploy may compile a language runtime first"""


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    value: Any
    tag: str
    """its `ETag`, as it stands there"""


@dataclass(frozen=True)
class Client:
    """A server, and the token for it."""

    url: str
    token: str

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Return the answer. Raises: click.ClickException, which says what went wrong."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given["Authorization"] = f"Bearer {self.token}"
        try:
            request = urllib.request.Request(
                self.url.rstrip("/") + path, data=body, headers=given, method=method
            )
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                content = response.read()
                value = json.loads(content) if content else None
                return Answer(response.status, value, response.headers.get("ETag", ""))
        except urllib.error.HTTPError as error:
            with error:
                raise click.ClickException(self._explained(error)) from error
        except ValueError as error:  # the URL, or an answer that is not JSON
            raise click.ClickException(f"{self.url}: {error}; allowed: a Nexus server") from error
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise click.ClickException(
                f"cannot reach {self.url}: {reason}; start the server, or name it with --url"
            ) from error

    def _explained(self, error: urllib.error.HTTPError) -> str:
        try:
            problem = json.loads(error.read())
            code, detail = problem["code"], problem["detail"]
        except (ValueError, KeyError, TypeError):
            return f"{self.url} answered {error.code} {error.reason}; it may not be a Nexus server"
        if error.code == 401:
            return f"{detail}; give it with --token or in NEXUS_TOKEN"
        if code == "HANDLER_NOT_FOUND" and "served at this path" in detail:
            return (
                f"{self.url} has no runtime API: start the server with NEXUS_ADMIN_TOKEN set, or "
                "name its management port with --url"
            )
        if error.code == 412:
            return f"{detail}; somebody else has deployed meanwhile"
        return f"{code}: {detail}"


def server_options(function: F) -> F:
    """Add `--url URL` and `--token TOKEN`."""
    function = click.option(
        "--token",
        envvar=["NEXUS_TOKEN", "NEXUS_ADMIN_TOKEN"],
        default="",
        metavar="TOKEN",
        help="Token for the runtime API; default: NEXUS_TOKEN or NEXUS_ADMIN_TOKEN.",
    )(function)
    return click.option(
        "--url",
        envvar="NEXUS_URL",
        default="http://127.0.0.1:8000",
        show_default=True,
        metavar="URL",
        help="The server; also NEXUS_URL.",
    )(function)
