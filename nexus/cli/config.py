"""`nexus config`: shows every setting, its value, its origin, and whether it is live."""

from __future__ import annotations

import json
from typing import Any

import click

from nexus import config
from nexus.cli.options import config_option, json_option, load_settings
from nexus.cli.sizing_report import as_rows, as_text
from nexus.pod.derived import sized


@click.command("config")
@config_option
@json_option
@click.option("--sizing", "explain", is_flag=True, help="Explain workers, threads and memory.")
def show_config(as_json: bool, explain: bool, **options: Any) -> None:
    """Show every setting, its value, where it came from, and whether it is live.

    A live setting can change while the server runs, if it comes from a folder (--config-folder)
    or another source that is watched.
    """
    found = sized(load_settings(**options))
    if explain:
        click.echo(json.dumps(as_rows(found), indent=2) if as_json else as_text(found))
        return
    loaded = found.loaded
    values = config.public_values(loaded.settings)
    rows = {
        name: {
            "value": values[name],
            "source": loaded.sources[name],
            "live": name in config.LIVE_NAMES,
        }
        for name in values
    }
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for warning in loaded.warnings:
        click.secho(f"warning: {warning}", fg="yellow", err=True)
    for name, row in rows.items():
        live = "live" if row["live"] else "-"
        click.echo(f"{name:26} {row['value']!s:34} {live:4} {row['source']}")
