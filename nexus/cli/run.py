"""`nexus run`: runs one request, JSON context or command line through a module."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from nexus.cli import output
from nexus.cli.options import (
    MODULE,
    config_option,
    engine_options,
    json_option,
    service_for_a_tool,
)
from nexus.cli.request import content, http_request, scheduled_request
from nexus.errors import NexusError
from nexus.model import Command, ExecutionResult, Handler, HttpRequest, Limits, MountedFolder

if TYPE_CHECKING:
    from nexus.service import Service

_DAY_S = 86_400.0


@click.command()
@click.argument("module", type=MODULE)
@click.argument("arguments", nargs=-1, metavar="[-- ARG...]")
@click.option("--method", default="GET", show_default=True, metavar="M")
@click.option("--path", default="/", show_default=True, metavar="P", help="With a query if wanted.")
@click.option("--header", "headers", multiple=True, metavar="K:V")
@click.option("--data", default="", metavar="STR|@FILE", help="Request body; @- is stdin.")
@click.option("--context", metavar="JSON|@FILE", help="Run it with a JSON context instead.")
@click.option("--scheduled", metavar="CRON", help="Call it as this entry of a schedule instead.")
@click.option("--raw", is_flag=True, help="Run it as a plain command: stdin, stdout, exit code.")
@click.option("--env", "variables", multiple=True, metavar="K=V", help="With --raw.")
@click.option(
    "--dir",
    "folders",
    multiple=True,
    metavar="HOST::GUEST[:ro]",
    help="With --raw: a folder to mount, and its path in MODULE.",
)
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
    scheduled: str | None,
    raw: bool,
    variables: tuple[str, ...],
    folders: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Run one request through MODULE and print the HTTP response.

    Exits with 0 on success, 1 on a handler's error, 2 on bad usage; with --raw as MODULE does.
    """
    if not raw and (arguments or variables or folders):
        raise click.UsageError("ARG..., --env and --dir go with --raw")
    if raw and (context is not None or scheduled is not None or as_json):
        raise click.UsageError("--raw goes without --context, --scheduled and --json")
    if context is not None and scheduled is not None:
        raise click.UsageError("--context goes without --scheduled")
    # Late: engines take a moment to import, and `--help` and bad usage need none.
    from nexus.run.results import noted
    from nexus.runtime import WasmRuntime

    service = service_for_a_tool(**options)
    limits = _unlimited(service.limits, options["timeout_ms"]) if raw else service.limits
    try:
        handler = service.start_with_module(module, limits)
        if raw:
            _run_raw(service, handler, _command(module, arguments, variables, folders))
        if context is not None:
            result = WasmRuntime.of(service).execute_handler(handler.name, content(context))
            _print(noted(result, cache_hit=not handler.compiled.is_new), as_json)
        else:
            if scheduled is None:
                request = http_request(handler, method, path, headers, content(data))
            else:
                request = scheduled_request(handler, scheduled)
            _respond(service, handler, request, as_json=as_json)
    except NexusError as error:
        if not as_json:
            raise
        output.print_result(ExecutionResult("error", error=output.json_error(error)))
        sys.exit(1)
    finally:
        service.stop()


def _run_raw(service: Service, handler: Handler, command: Command) -> NoReturn:
    run = service.dispatcher.new_run(handler, time.monotonic())
    sys.exit(service.dispatcher.run(handler, command, run) & 0xFF)


def _respond(service: Service, handler: Handler, request: HttpRequest, *, as_json: bool) -> None:
    from nexus.run.results import failed, succeeded
    from nexus.schedules import check

    run = service.dispatcher.new_run(handler, time.monotonic())
    try:
        response = service.dispatcher.run(handler, request, run)
        if request.scheduled is not None:
            check(response)
    except NexusError as error:
        if not as_json:
            raise
        output.print_result(failed(run, error, cache_hit=not handler.compiled.is_new))
        sys.exit(1)
    if as_json:
        hit = not handler.compiled.is_new
        output.print_result(succeeded(run, output.described(response), cache_hit=hit))
    else:
        output.print_response(response)


def _print(result: ExecutionResult, as_json: bool) -> None:
    """Print a handler's answer to a context, or its error as one line; exit with 1 on an error."""
    if result.error is None or as_json:
        output.print_result(result)
    else:
        line = f"error: {result.error['code']}: {result.error['message']}"
        click.secho(line, fg="red", err=True)
    if result.error is not None:
        sys.exit(1)


def _unlimited(limits: Limits, timeout_ms: str | None) -> Limits:
    """Return *limits* for a command at a terminal: practically unlimited host calls, and unless
    *timeout_ms* is given a whole day."""
    if timeout_ms is None:
        limits = replace(limits, timeout_s=_DAY_S, cpu_timeout_s=_DAY_S)
    return replace(limits, max_host_calls=1 << 62)


def _command(
    module: Path,
    arguments: tuple[str, ...],
    variables: tuple[str, ...],
    folders: tuple[str, ...],
) -> Command:
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
        tuple(map(mounted, folders)),
    )


def mounted(text: str) -> MountedFolder:
    """Return the folder that `--dir` *text* mounts. Raises: UsageError."""
    host, _, guest = text.partition("::")
    at = guest.removesuffix(":ro")
    if not at.startswith("/") or "\0" in text or ".." in at.split("/"):
        raise click.UsageError(
            f"--dir {text!r}: use HOST::GUEST or HOST::GUEST:ro, where GUEST begins with '/' and "
            "has no '..'"
        )
    if not Path(host).is_dir():
        raise click.UsageError(f"--dir {text!r}: {host!r} is not a folder")
    return MountedFolder(Path(host), at, writable=at == guest)
