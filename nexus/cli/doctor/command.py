"""`nexus doctor`: prints what is wrong with this machine and the settings, and the cures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from nexus.cli.doctor.finding import Finding, error, warning
from nexus.cli.options import config_option, engine_options, json_option, load_settings
from nexus.errors import ConfigError

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@click.option("--bind", metavar="HOST:PORT", help="Address that the server would listen on.")
@config_option
@engine_options
@json_option
def doctor(as_json: bool, **options: Any) -> None:
    """Check this machine and the settings; say what is wrong and what to do.

    Exits with 1 if something stops the server or a handler, else 0.
    """
    state = "ok"
    found: list[Finding] = []
    for finding in findings(options):
        found.append(finding)
        if not as_json:
            _print(finding)
        if finding.state == "error":
            state = "error"
    if as_json:
        click.echo(json.dumps([entry._asdict() for entry in found], indent=2))
    sys.exit(1 if state == "error" else 0)


def findings(
    options: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Check one thing after the other."""
    # Late: these import engines and the pool, and `--help` needs none of them.
    from nexus.cli.doctor import folders, machine, network, runs, store
    from nexus.plugins import Plugins, survey
    from nexus.pod.derived import sized

    surveyed = survey(environ)
    yield runs.check_python()
    yield from runs.check_plugins(surveyed)
    plugins = Plugins([entry for entry in surveyed if entry.state != "broken"])
    try:
        loaded = load_settings(plugins, **options)
    except ConfigError as wrong:
        for line in wrong.problems:
            yield error("settings", line, "nexus config shows each setting and its origin")
        return
    for line in loaded.warnings:
        yield warning("settings", line, "correct or remove it")
    settings, size = loaded.settings, sized(loaded)
    checks: tuple[Callable[[], Finding | Iterator[Finding]], ...] = (
        lambda: runs.check_engine(settings, plugins),
        lambda: runs.check_languages(settings),
        machine.check_pagemap,
        lambda: machine.check_cpu(size),
        lambda: machine.check_memory(size),
        machine.check_descriptors,
        lambda: folders.check_cache(settings),
        folders.check_temporary,
        lambda: folders.check_handlers(settings, plugins),
        lambda: store.check_store(settings),
        lambda: network.check_ports(settings),
        lambda: network.check_token(environ),
    )
    for check in checks:
        result = check()
        if isinstance(result, Finding):
            yield result
        else:
            yield from result


def _print(finding: Finding) -> None:
    click.secho(f"{finding.state:8}", fg=_COLOURS[finding.state], nl=False)
    click.echo(f"{finding.subject:16} {finding.found}")
    if finding.cure:
        click.echo(f"{'':24} -> {finding.cure}")
