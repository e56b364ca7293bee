"""`nexus deploy`: uploads handlers to a running server."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from nexus.cli.options import json_option
from nexus.cli.remote.server import Server, server_options


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="FILE|DIR")
@click.option("--name", metavar="NAME", help="What the handler is called; default: as its file.")
@click.option("--note", default="", metavar="TEXT", help="Why there is this version.")
@server_options
@json_option
def deploy(
    path: Path, name: str | None, note: str, url: str, token: str | None, *, as_json: bool
) -> None:
    """Deploy the handler FILE, the handler in the folder DIR, or all handlers in it.

    The manifest NAME.toml beside it goes with it. The server compiles and checks each version
    before it serves; if one is refused, the old version goes on serving.
    """
    from nexus.cli.versions.bundle import collect, encode  # late: `--help` needs no guests
    from nexus.guest import Abis, built_in_abis

    bundles = collect(path, Abis(built_in_abis()))
    if name is not None and len(bundles) > 1:
        raise click.UsageError(f"--name names one handler, but {path} has {len(bundles)}")
    server, failed = Server(url, token), False
    deployed: list[dict[str, Any]] = []
    for bundle in bundles:
        called = name or bundle.name
        about = f"{len(bundle.files)} files, {bundle.size_bytes / 1024:.1f} KiB"
        _say(f"{called}: {about}, uploading and compiling ...", quiet=as_json)
        began = time.monotonic()
        body, content_type = encode(bundle, note)
        try:
            answer = server.call(
                "PUT", f"/v1/handlers/{quote(called, safe='')}", body, Content_Type=content_type
            )
        except click.ClickException as error:
            failed = True
            click.secho(f"error: {called}: {error.message}", fg="red", err=True)
            continue
        deployed.append({"handler": called, **answer.value})
        news = "serves" if answer.status == 201 else "serves: these files were deployed before"
        took = f"{time.monotonic() - began:.1f} s"
        _say(f"{called}: {answer.value['id']} {news} ({took})", quiet=as_json)
    if as_json:
        click.echo(json.dumps(deployed, indent=2))
    if failed:
        sys.exit(1)


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text)
