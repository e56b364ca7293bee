"""Serves the streamable HTTP transport, with a bearer token."""

from __future__ import annotations

import hmac
import socket
from typing import Any, Final

import uvicorn
from mcp.server import Server
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PATH: Final = "/mcp"


class Guarded:
    """An ASGI app that only requests with the token reach."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = Response(
                    "a bearer token is missing or wrong\n",
                    status_code=401,
                    headers={"WWW-Authenticate": 'Bearer realm="nexus-mcp"'},
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def serve_http(server: Server[Any], listening: socket.socket, token: str | None) -> None:
    """Serve on *listening* until a signal. *token*: None serves everybody who can connect.

    On a loopback address the transport also refuses requests for other hosts, so that no web page
    reaches it by DNS rebinding.
    """
    host = listening.getsockname()[0]
    app: ASGIApp = server.streamable_http_app(streamable_http_path=PATH, host=host)
    if token is not None:
        app = Guarded(app, token)
    config = uvicorn.Config(app, log_level="warning", lifespan="on", ws="none")
    uvicorn.Server(config).run(sockets=[listening])
