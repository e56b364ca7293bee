"""`nexus logs`: the log of all workers of a running server, also as it comes."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from nexus.cli.options import json_option
from nexus.cli.remote.server import Server, server_options

_COLOURS = {"error": "red", "critical": "red", "warning": "yellow", "debug": "bright_black"}
_KNOWN = {
    *("ts", "level", "logger", "message", "worker", "handler", "execution_id", "exception"),
    *("method", "path", "status", "outcome", "duration_ms"),
}


@click.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option(
    "--level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="debug",
    show_default=True,
    help="From this level on.",
)
@server_options
@json_option
def logs(
    name: str | None, follow: bool, level: str, url: str, token: str | None, as_json: bool
) -> None:
    """Print the last log records of a running server, of the handler NAME alone if it is given.

    Requests are among them from the moment on when somebody reads the log.
    """
    server = Server(url, token)
    query = {"level": level, **({"handler": name} if name else {})}
    found = server.json("/v1/logs", query)
    for record in found["records"]:
        _print(record, as_json)
    if follow:
        try:
            for record in server.events("/v1/logs", query, found["cursor"]):
                _print(record, as_json)
        except KeyboardInterrupt:
            return


def _print(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(record))
        return
    text = _text(record)
    wanted = None if os.environ.get("NO_COLOR") else _COLOURS.get(record["level"])
    click.echo(click.style(text, fg=wanted) if wanted else text)


def _text(record: dict[str, Any]) -> str:
    """Write one record in the form of `nexus dev`; escape what drives a terminal."""
    from nexus.logs import escape  # late: `--help` does not need it

    handler = record.get("handler", "")
    words = [record["ts"][11:19]]
    words += [f"{escape(str(handler))} |"] if handler else []
    first, *more = str(record["message"]).split("\n")
    words.append(escape(first))
    if "duration_ms" in record:
        words.append(f"{record['duration_ms']:.1f} ms")
        words += [record["outcome"]] if record["outcome"] != "ok" else []
    words += [f"{escape(key)}={escape(str(record[key]))}" for key in record if key not in _KNOWN]
    below = [*more, *str(record.get("exception", "")).splitlines()]
    return "\n".join([" ".join(words), *(f"    {escape(line)}" for line in below)])
