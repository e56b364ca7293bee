"""`nexus versions` and `nexus rollback`."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import click

from nexus.cli.options import json_option
from nexus.cli.remote.server import Server, server_options
from nexus.cli.versions.weights import path_of


@click.command()
@click.argument("name")
@server_options
@json_option
def versions(name: str, url: str, token: str | None, *, as_json: bool) -> None:
    """List the deployed versions of the handler NAME, the newest first."""
    found = Server(url, token).call("GET", f"{path_of(name)}/versions").value
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found["versions"]:
        click.echo(f"{name} has no deployed versions: it is served from a file, or was deleted.")
    for version in found["versions"]:
        weight = version["weight"]
        state = f"{weight:3} %" if weight else "    -"
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version["created_at"]))
        size = f"{version['size_bytes'] / 1024:.1f} KiB"
        who, note = version["created_by"], version["note"]
        line = f"{version['id']:>5} {state}  {when}  {version['language']:<10} {size:>10}  {who}"
        click.echo(f"{line}  {note}".rstrip())
    if found["sticky"]:
        click.echo(f"Requests with the same {found['sticky']} get the same version.")


@click.command()
@click.argument("name")
@click.argument("version", required=False)
@server_options
@json_option
def rollback(name: str, version: str | None, url: str, token: str | None, *, as_json: bool) -> None:
    """Let the handler NAME serve VERSION again, by default the one that served before."""
    server = Server(url, token)
    listed = server.call("GET", f"{path_of(name)}/versions")
    target = version or _previous(listed.value)
    if target is None:
        raise click.ClickException(
            f"no other version of {name} has served; `nexus versions {name}` lists them"
        )
    path = f"{path_of(name)}/versions/{quote(target, safe='')}/activate"
    # With If-Match: what "before" means was decided by what we have just read.
    answer = server.call("POST", path, b"", If_Match=listed.tag)
    if as_json:
        click.echo(json.dumps(answer.value, indent=2))
    else:
        click.echo(f"{name}: {target} serves")


def _previous(listed: dict[str, Any]) -> str | None:
    """Return the version that served alone before what serves now, or None."""
    kept = {version["id"] for version in listed["versions"]}
    alone = None if len(listed["weights"]) > 1 else next(iter(listed["weights"]), None)
    for event in listed["history"]:
        if event["action"] in ("deploy", "activate") and not event["detail"]:
            id: str | None = event["version"]
            if id in kept and id != alone:
                return id
    return None
