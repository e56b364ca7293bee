"""`nexus dev`: serves the handlers folder for work on it."""

from __future__ import annotations

import os
import secrets
from typing import Any

import click

from nexus.cli.options import config_option, engine_options
from nexus.cli.serve import start_server
from nexus.config.admin_token import FILE_VARIABLE, VARIABLE

SETTINGS = {
    "workers": "1",
    "log_format": "brief",
    "debug": "true",
    "drain_delay_ms": "0",
    "console": "true",
}
"""Settings that `nexus dev` fixes, as if the command line named them"""


@click.command()
@config_option
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen on.")
@engine_options
def dev(**options: Any) -> None:
    """Serve a folder of handlers while you work on them.

    Like `nexus serve`, in one process: it says what changed, writes one line for each request, and
    shows errors in full, to clients, too. An edit serves within a second. A link that it prints
    logs in to the console.
    """
    if not os.environ.keys() & {VARIABLE, FILE_VARIABLE}:
        os.environ[VARIABLE] = secrets.token_urlsafe(24)  # for the console, until it ends
    start_server({**options, **SETTINGS})
