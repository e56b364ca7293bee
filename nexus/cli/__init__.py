"""The `nexus` command."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from nexus import config, logs
from nexus.config import Loaded
from nexus.errors import ConfigError, HandlerError, NexusError
from nexus.model import HttpRequest, HttpResponse


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus-runtime")
def command() -> None:
    """Run HTTP handlers you do not trust: WebAssembly inside a Python service."""


def _load(**options: Any) -> Loaded:
    return config.load(options, os.environ, Path.cwd())


@command.command()
@click.option("--config", metavar="FILE", help="Settings file; default nexus.toml, if there.")
@click.option("--handlers", "handlers_dir", metavar="DIR", help="Folder of handlers.")
@click.option("--bind", metavar="HOST:PORT", help="Address to listen on.")
@click.option("--workers", metavar="N", help="Processes.")
@click.option("--threads", metavar="N", help="Threads in each process.")
@click.option("--engine", help="auto, wasmer or wasmtime.")
def serve(**options: Any) -> None:
    """Serve a folder of handlers until interrupted."""
    loaded = _load(**options)
    folder = loaded.settings.handlers_dir
    if not folder.is_dir():
        raise click.UsageError(f"no folder {folder}: name one with --handlers DIR")
    arguments = [sys.executable, "-m", "gunicorn", "-c", "python:nexus.gunicorn_settings"]
    os.execve(sys.executable, arguments, {**os.environ, **config.to_environ(loaded)})


@command.command("config")
@click.option("--config", metavar="FILE", help="Settings file; default nexus.toml, if there.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show_config(as_json: bool, **options: Any) -> None:
    """Show every setting, its value, and where it came from."""
    loaded = _load(**options)
    values = loaded.settings.model_dump(mode="json")
    rows = {name: {"value": values[name], "source": loaded.sources[name]} for name in values}
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        click.echo(f"{name:20} {row['value']!s:34} {row['source']}")


@command.command()
@click.argument("module", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--method", default="GET", show_default=True)
@click.option("--path", default="/", show_default=True, help="Path, with a query if wanted.")
@click.option("--header", "headers", multiple=True, metavar="K:V")
@click.option("--data", default="", metavar="STR|@FILE", help="Request body.")
@click.option("--timeout-ms", metavar="N")
@click.option("--memory-limit-mb", metavar="N")
@click.option("--engine", help="auto, wasmer or wasmtime.")
def run(
    module: Path, method: str, path: str, headers: tuple[str, ...], data: str, **options: Any
) -> None:
    """Run one request through MODULE and print the HTTP response.

    Exits with 0 on success, 1 on a handler's error, 2 on bad usage.
    """
    from nexus.handlers.catalogue import Catalogue, load_handler
    from nexus.service import Service

    settings = _load(**options).settings
    logs.configure(settings.log_level, settings.log_format, sys.stderr)
    service = Service(settings, None)
    handler = load_handler(module, service.compiler, service.limits)
    service.catalogue = Catalogue({handler.name: handler}, {})
    service.watchdog.start()
    body = Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
    request = HttpRequest(_meta(handler.route, method, path, headers, body), body)
    try:
        response: HttpResponse = service.dispatcher.run(
            handler, request, service.dispatcher.new_run(handler, time.monotonic())
        )
    finally:
        service.stop()
    click.echo(f"HTTP/1.1 {response.status} {response.reason}".rstrip())
    for name, value in response.headers:
        click.echo(f"{name}: {value}")
    click.echo()
    sys.stdout.flush()
    sys.stdout.buffer.write(response.body)


def _meta(
    route: str, method: str, path: str, headers: tuple[str, ...], body: bytes
) -> dict[str, str]:
    target, _, query = path.partition("?")
    meta = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": route.rstrip("/") + target,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
    }
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.UsageError(f"--header {header!r} has no colon: use NAME:VALUE")
        key = name.strip().upper().replace("-", "_")
        meta[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.strip()
    return meta


def main() -> None:
    """Run the command; no error shows a traceback."""
    try:
        command()
    except ConfigError as error:
        for line in error.problems:
            click.secho(f"error: {line}", fg="red", err=True)
        sys.exit(2)
    except NexusError as error:
        kind = error.code if isinstance(error, HandlerError) else error.outcome.value
        click.secho(f"error: {kind}: {error}", fg="red", err=True)
        sys.exit(1)
