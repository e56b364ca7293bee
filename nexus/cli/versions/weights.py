"""`nexus weights`: lets versions of a handler share its requests."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from nexus.cli.options import json_option
from nexus.cli.remote.server import Server, server_options

sticky_option = click.option(
    "--sticky",
    metavar="header:NAME|cookie:NAME",
    help="Requests with the same value of this header or cookie get the same version.",
)


@click.command()
@click.argument("name")
@click.argument("shares", nargs=-1, required=True, metavar="VERSION=PERCENT...")
@sticky_option
@server_options
@json_option
def weights(
    name: str,
    shares: tuple[str, ...],
    sticky: str | None,
    url: str,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Let versions of the handler NAME share its requests, such as v7=95 v8=5."""
    asked = {"weights": dict(map(_share, shares)), "sticky": sticky or ""}
    server = Server(url, token)
    body = json.dumps(asked).encode()
    path = f"{path_of(name)}/weights"
    found = server.call("PUT", path, body, Content_Type="application/json").value
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    listed = ", ".join(f"{id} {weight} %" for id, weight in found["weights"].items())
    click.echo(f"{name}: {listed}")


def path_of(name: str) -> str:
    """Return the path of a handler in the runtime API."""
    return f"/v1/handlers/{quote(name, safe='')}"


def _share(text: str) -> tuple[str, int]:
    id, equals, percent = text.partition("=")
    if not (id and equals and percent.isascii() and percent.isdigit()):
        raise click.UsageError(f"found {text!r}, allowed: VERSION=PERCENT, such as v8=5")
    return id, int(percent)
