"""`nexus run`: one request, JSON context or command line through one module."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nexus.cli import output
from nexus.cli.options import (
    MODULE,
    config_option,
    engine_options,
    json_option,
    settings_for_a_tool,
)
from nexus.errors import NexusError
from nexus.model import Command, Context, Handler, HttpRequest, Limits
from nexus.pool import Execution
from nexus.protocols import Task

_DAY_S = 86_400.0


@click.command()
@click.argument("module", type=MODULE)
@click.argument("arguments", nargs=-1, metavar="[-- ARG...]")
@click.option("--method", default="GET", show_default=True, metavar="M")
@click.option("--path", default="/", show_default=True, metavar="P", help="With a query if wanted.")
@click.option("--header", "headers", multiple=True, metavar="K:V")
@click.option("--data", default="", metavar="STR|@FILE", help="Request body; @- is stdin.")
@click.option("--context", metavar="JSON|@FILE", help="Run it with a JSON context instead.")
@click.option("--raw", is_flag=True, help="Run it as a plain command: stdin, stdout, exit code.")
@click.option("--env", "variables", multiple=True, metavar="K=V", help="With --raw.")
@config_option
@click.option("--timeout-ms", metavar="N", help="With --raw there is no limit by default.")
@click.option("--memory-limit-mb", metavar="N")
@engine_options
@json_option
def run(
    module: Path,
    arguments: tuple[str, ...],
    method: str,
    path: str,
    headers: tuple[str, ...],
    data: str,
    context: str | None,
    raw: bool,
    variables: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Run one request through MODULE and print the HTTP response.

    Exits with 0 on success, 1 on a handler's error, 2 on bad usage; with --raw as MODULE does.
    """
    if not raw and (arguments or variables):
        raise click.UsageError("ARG... and --env go with --raw")
    if raw and (context is not None or as_json):
        raise click.UsageError("--raw goes without --context and --json")
    from nexus.service import Service

    service = Service(settings_for_a_tool(**options), None)
    limits = _unlimited(service.limits, options["timeout_ms"]) if raw else service.limits
    began: Execution | None = None
    try:
        handler = service.start_with_module(module, limits)
        task: Task
        if raw:
            task = _command(module, arguments, variables)
        elif context is not None:
            task = Context(_content(context))
        else:
            task = _request(handler, method, path, headers, _content(data))
        began = service.dispatcher.new_run(handler, time.monotonic())
        result = service.dispatcher.run(handler, task, began)
    except NexusError as error:
        if not as_json:
            raise
        output.print_json(began, error=error)
        sys.exit(1)
    finally:
        service.stop()
    _print(result, task, began, as_json=as_json)


def _print(result: Any, task: Task, run: Execution, *, as_json: bool) -> None:
    if isinstance(task, Command):
        sys.exit(result & 0xFF)
    if as_json or isinstance(task, Context):
        output.print_json(run, result)
    else:
        output.print_response(result)


def _unlimited(limits: Limits, timeout_ms: str | None) -> Limits:
    """A command at a terminal takes as long as it takes, and calls what it calls."""
    if timeout_ms is None:
        limits = replace(limits, timeout_s=_DAY_S, cpu_timeout_s=_DAY_S)
    return replace(limits, max_host_calls=1 << 62)


def _command(module: Path, arguments: tuple[str, ...], variables: tuple[str, ...]) -> Command:
    env = {}
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--env {variable!r}: use NAME=VALUE")
        env[name] = value
    return Command(
        (module.name, *arguments),
        env,
        lambda size: os.read(0, size),
        output.writer(sys.stdout.buffer),
        output.writer(sys.stderr.buffer),
    )


def _content(given: str) -> bytes:
    """The bytes that an option gives, or the file it names with `@`."""
    if not given.startswith("@"):
        return os.fsencode(given)
    if given == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {given[1:]}: {error.strerror}") from error


def _request(
    handler: Handler, method: str, path: str, headers: tuple[str, ...], body: bytes
) -> HttpRequest:
    target, _, query = path.partition("?")
    meta = {
        "REQUEST_METHOD": method.upper(),
        "SCRIPT_NAME": "",
        "PATH_INFO": handler.route.rstrip("/") + target,
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
    return HttpRequest(meta, body)
