"""`nexus deploy`: uploads handlers to a running server."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from nexus.cli.options import installed_plugins, json_option, load_settings
from nexus.cli.remote.server import Server, server_options
from nexus.cli.versions.weights import path_of, sticky_option


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="FILE|DIR")
@click.option("--name", metavar="NAME", help="What the handler is called; default: as its file.")
@click.option("--note", default="", metavar="TEXT", help="Why there is this version.")
@click.option(
    "--weight",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="How many of a hundred requests it gets; the versions before keep the rest.",
)
@sticky_option
@server_options
@json_option
def deploy(
    path: Path,
    name: str | None,
    note: str,
    weight: int,
    sticky: str | None,
    url: str,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Deploy the handler FILE, the handler in the folder DIR, or all handlers in it.

    The manifest NAME.toml beside it goes with it. The server compiles and checks each version
    before it serves; if one is refused, the old version goes on serving.
    """
    from nexus.cli.versions.bundle import collect, encode  # late: `--help` needs no guests
    from nexus.guest import Abis

    plugins = installed_plugins()
    bundles = collect(path, Abis(plugins.guests(load_settings(plugins).settings)))
    if name is not None and len(bundles) > 1:
        raise click.UsageError(f"--name names one handler, but {path} has {len(bundles)}")
    asked = {"weight": weight} | ({} if sticky is None else {"sticky": sticky})
    server, failed = Server(url, token), False
    deployed: list[dict[str, Any]] = []
    for bundle in bundles:
        called = name or bundle.name
        about = f"{len(bundle.files)} files, {bundle.size_bytes / 1024:.1f} KiB"
        _say(f"{called}: {about}, uploading and compiling ...", quiet=as_json)
        began = time.monotonic()
        body, content_type = encode(bundle, note)
        try:
            target = f"{path_of(called)}?{urlencode(asked)}"
            answer = server.call("PUT", target, body, Content_Type=content_type)
        except click.ClickException as error:
            failed = True
            click.secho(f"error: {called}: {error.message}", fg="red", err=True)
            continue
        deployed.append({"handler": called, **answer.value})
        news = "serves" if weight == 100 else f"serves {weight} % of the requests"
        news += "" if answer.status == 201 else ": these files were deployed before"
        took = f"{time.monotonic() - began:.1f} s"
        _say(f"{called}: {answer.value['id']} {news} ({took})", quiet=as_json)
    if as_json:
        click.echo(json.dumps(deployed, indent=2))
    if failed:
        sys.exit(1)


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text)
