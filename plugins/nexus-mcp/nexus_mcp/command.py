"""The console script `nexus-mcp`."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import click
from mcp.server import Server
from mcp.server.stdio import stdio_server

import nexus
from nexus_mcp.backend import Backend, Ceiling
from nexus_mcp.embedded import Embedded
from nexus_mcp.listen import PATH, serve_http
from nexus_mcp.remote import Remote
from nexus_mcp.server import Calls
from nexus_mcp.tools import LANGUAGES


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--handlers", metavar="DIR", help="Folder of handlers to run in this process.")
@click.option("--url", envvar="NEXUS_URL", metavar="URL", help="Use this Nexus server instead.")
@click.option(
    "--token",
    envvar=["NEXUS_TOKEN", "NEXUS_ADMIN_TOKEN"],
    metavar="TOKEN",
    help="Token for that server; also $NEXUS_TOKEN.",
)
@click.option(
    "--language",
    "languages",
    type=click.Choice(LANGUAGES),
    multiple=True,
    default=LANGUAGES,
    show_default=True,
    help="Language to have a tool for; may be repeated.",
)
@click.option("--timeout-ms", type=click.IntRange(1, 3_600_000), help="Time of one run.")
@click.option("--memory-limit-mb", type=click.IntRange(1, 4096), help="Memory of one run.")
@click.option(
    "--capability",
    "capabilities",
    multiple=True,
    metavar="TOKEN",
    help="What code may use, such as ext:user; may be repeated.",
)
@click.option("--cache-dir", metavar="DIR", help="Folder for compiled code.")
@click.option("--http", metavar="HOST:PORT", help="Serve HTTP there, not stdin and stdout.")
@click.option(
    "--http-token",
    envvar="NEXUS_MCP_TOKEN",
    metavar="TOKEN",
    help="Token that HTTP clients must have; also $NEXUS_MCP_TOKEN.",
)
@click.version_option(package_name="nexus-mcp")
def main(
    http: str | None, http_token: str | None, languages: tuple[str, ...], **given: Any
) -> None:
    """Let language models run code and handlers in Nexus, over the Model Context Protocol.

    Without --url, code runs in this process.
    """
    logging.basicConfig(level=logging.WARNING, format="nexus-mcp: %(message)s")  # on stderr
    listening = None if http is None else _listening(http, http_token)
    backend = _backend(given)
    server = Calls(backend, languages).server(version("nexus-mcp"))
    try:
        if listening is None:
            asyncio.run(_serve_stdio(server))
        else:
            host, port = listening.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            click.echo(f"Serving MCP on http://{shown}:{port}{PATH}", err=True)
            serve_http(server, listening, http_token)
    finally:
        backend.close()


async def _serve_stdio(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _backend(given: dict[str, Any]) -> Backend:
    """Raises: UsageError, ClickException."""
    ceiling = Ceiling(given["timeout_ms"], given["memory_limit_mb"], given["capabilities"])
    url, handlers, cache = given["url"], given["handlers"], given["cache_dir"]
    if url is not None:
        if handlers is not None:
            raise click.UsageError("--handlers and --url: only one of them, code runs in one place")
        if urlsplit(url).scheme not in ("http", "https"):
            raise click.UsageError(f"--url: found {url!r}, allowed: http://HOST:PORT or https://…")
        return Remote(url, given["token"], ceiling)
    try:
        return Embedded(handlers, ceiling, cache_dir=cache)
    except ValueError as error:
        raise click.UsageError(f"--capability: {error}") from error
    except nexus.NexusError as error:
        raise click.ClickException(str(error)) from error


def _listening(address: str, token: str | None) -> socket.socket:
    """Return the socket to serve on. Raises: UsageError, ClickException."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"--http: found {address!r}, allowed: HOST:PORT")
    try:
        family, *_, target = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        if token is None and not ipaddress.ip_address(target[0]).is_loopback:
            raise click.UsageError(
                f"--http {address}: others can reach it; set --http-token, or use 127.0.0.1"
            )
        return socket.create_server((str(target[0]), int(port)), family=family)
    except OSError as error:
        raise click.ClickException(f"--http {address}: {error.strerror}") from error
