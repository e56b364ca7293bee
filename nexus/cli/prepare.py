"""`nexus prepare`: compiles the language runtimes, so that the first start is quick."""

from __future__ import annotations

import time
from typing import Any

import click

from nexus.cli.options import config_option, engine_options, service_for_a_tool


@click.command()
@click.option(
    "--best", is_flag=True, help="Compile with the best compiler, too; may take a minute."
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    default=("javascript",),
    show_default=True,
    metavar="NAME",
    help="javascript or python; may be given twice.",
)
@config_option
@engine_options
def prepare(best: bool, languages: tuple[str, ...], **options: Any) -> None:
    """Compile the language runtimes into the cache (for set-up scripts and images)."""

    service = service_for_a_tool(**options)
    compilers = [service.tiers.quick, service.compiler] if service.tiers else [service.compiler]
    for compiler in compilers if best else compilers[:1]:
        for language in languages:
            began = time.monotonic()
            compiler.prepare(language, service.limits.memory_bytes)
            seconds = time.monotonic() - began
            click.echo(f"{language}: compiled by {compiler.tier} in {seconds:.1f} s")
