"""`nexus prepare`: compile what comes with Nexus, so that the first start need not."""

from __future__ import annotations

import time
from typing import Any

import click

from nexus.cli.options import config_option, engine_options, service_for_a_tool


@click.command()
@click.option("--best", is_flag=True, help="With the best compiler too, which may take a minute.")
@config_option
@engine_options
def prepare(best: bool, **options: Any) -> None:
    """Compile the language runtimes into the cache (for set-up scripts and images)."""

    service = service_for_a_tool(**options)
    compilers = [service.tiers.quick, service.compiler] if service.tiers else [service.compiler]
    for compiler in compilers if best else compilers[:1]:
        began = time.monotonic()
        names = compiler.prepare(service.limits.memory_bytes)
        click.echo(f"{', '.join(names)}: compiled by {compiler.tier} in {_s(began)}")


def _s(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
