"""Says what the server answers at: the routes of the handlers folder, by their manifests.

The workers have compiled nothing yet, so a handler that is listed here may still turn out to be
wrong; the log then says so.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from nexus import logs
from nexus.config import Settings
from nexus.config.admin_token import read_admin_token
from nexus.errors import NexusError
from nexus.guest import Abis
from nexus.handlers.manifest import load_manifest
from nexus.handlers.sources import Source, find_sources
from nexus.plugins import Plugins

log = logging.getLogger("nexus.server")

MOST = 40
"""How many handlers are listed; the others are only counted"""


class Route(NamedTuple):
    """One handler's route, as in its manifest."""

    methods: str
    url: str
    file: str
    problem: str = ""


def announce(settings: Settings, plugins: Plugins) -> None:
    """List the routes: as lines on a terminal, as one record in a JSON log."""
    try:
        sources = find_sources(settings.handlers_dir, Abis(plugins.guests(settings)))
    except NexusError:
        return  # the workers log it
    routes = list(_routes(settings, sources[:MOST]))
    more = len(sources) - len(routes)
    if logs.resolve_format(settings.log_format, sys.stdout) != "json":
        with contextlib.suppress(OSError):  # a closed pipe must not end the master
            print(*_lines(settings, routes, more), sep="\n", flush=True)
        return
    listed = [route.url for route in routes if not route.problem]
    log.info("serving", extra={"fields": {"routes": listed, "further_handlers": more}})


def base_url(settings: Settings) -> str:
    """Return the address of the main port as a URL that a browser on this machine can open."""
    if settings.bind.startswith("unix:"):
        return "http://localhost"
    host, _, port = settings.bind.rpartition(":")
    shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"http://{shown}:{port}"


def _routes(settings: Settings, sources: tuple[Source, ...]) -> Iterator[Route]:
    base = base_url(settings)
    for source in sources:
        try:
            manifest = load_manifest(source.manifest, source.name)
        except NexusError as error:
            yield Route("", "", source.file, str(error).partition("\n")[0])
        else:
            methods = ",".join(sorted(manifest.methods)) or "any"
            yield Route(methods, f"{base}{manifest.route}", source.file)


def _lines(settings: Settings, routes: list[Route], more: int) -> Iterator[str]:
    where = "" if not settings.bind.startswith("unix:") else f", on the socket {settings.bind}"
    yield f"Serving {settings.handlers_dir}{where}; Ctrl-C stops."
    wide = max((len(route.methods) for route in routes), default=0)
    long = max((len(route.url) for route in routes), default=0)
    for route in routes:
        if route.problem:
            yield f"  {route.file}: {logs.escape(route.problem)}"
        else:
            yield f"  {route.methods:{wide}}  {route.url:{long}}  {logs.escape(route.file)}"
    token = read_admin_token(os.environ) if settings.console else None
    if token is not None and settings.log_format == "brief":  # for work on this machine
        login = quote(token.decode(), safe="")
        yield f"  console: {base_url(settings)}/_nexus/login#token={login}"
    if more:
        yield f"  and {more} more"
    if not routes:
        yield "  nothing yet: nexus new hello writes a first handler"
