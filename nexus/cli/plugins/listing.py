"""`nexus plugins`: lists the plugins, what each one adds, and which would stop the start."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from nexus.cli.options import config_option, json_option
from nexus.cli.plugins.trial import tried
from nexus.plugins import Found, survey


@click.command("plugins")
@config_option
@json_option
def list_plugins(as_json: bool, **options: Any) -> None:
    """List the plugins, and try what they add.

    Calls the hooks that a start calls and builds what they return. Exits with 2 if a plugin cannot
    be used, and like `nexus serve` if something else would stop the start.
    """
    found, other = tried(survey(os.environ), options)
    if as_json:
        click.echo(json.dumps([_facts(entry) for entry in found], indent=2))
    else:
        _print_table([_facts(entry) for entry in found])
    if other is not None:
        raise other
    sys.exit(2 if any(entry.state == "broken" for entry in found) else 0)


def _facts(entry: Found) -> dict[str, Any]:
    return {
        "name": entry.candidate.name,
        "version": entry.candidate.version,
        "distribution": entry.candidate.distribution,
        "state": entry.state,
        "hooks": list(entry.hooks),
        "problem": entry.problem,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    columns = ("name", "version", "distribution", "state")
    widths = {
        column: max(len(column), *(len(row[column]) for row in rows)) + 2 for column in columns
    }
    click.echo("".join(column.ljust(widths[column]) for column in columns) + "hooks")
    for row in rows:
        last = row["problem"] or ", ".join(row["hooks"])
        line = "".join(row[column].ljust(widths[column]) for column in columns) + last
        click.secho(line.rstrip(), fg="red" if row["problem"] else None)
