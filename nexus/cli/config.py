"""`nexus config`: every setting, its value, and where it came from."""

from __future__ import annotations

import json
from typing import Any

import click

from nexus.cli.options import config_option, json_option, load_settings


@click.command("config")
@config_option
@json_option
def show_config(as_json: bool, **options: Any) -> None:
    """Show every setting, its value, and where it came from."""
    loaded = load_settings(**options)
    values = loaded.settings.model_dump(mode="json")
    rows = {name: {"value": values[name], "source": loaded.sources[name]} for name in values}
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for warning in loaded.warnings:
        click.secho(f"warning: {warning}", fg="yellow", err=True)
    for name, row in rows.items():
        click.echo(f"{name:20} {row['value']!s:34} {row['source']}")
