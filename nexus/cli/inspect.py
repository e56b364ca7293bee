"""`nexus inspect`: shows the handlers in a module or folder, and their problems."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nexus.cli.options import config_option, engine_options, json_option, service_for_a_tool
from nexus.errors import HandlerError
from nexus.handlers.catalogue import Catalogue, load_catalogue
from nexus.handlers.facts import facts_of
from nexus.handlers.sources import Source, find_orphans, find_sources, handler_at, is_handler
from nexus.model import FuncType, Handler

if TYPE_CHECKING:
    from nexus.service import Service


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="MODULE|DIR")
@config_option
@engine_options
@json_option
def inspect(path: Path, as_json: bool, **options: Any) -> None:
    """Show the handler at MODULE, or those in DIR; exits with 1 if one of them cannot serve."""

    service = service_for_a_tool(**{"log_level": "error", **options})
    abis = service.abis
    is_one = is_handler(path, abis)
    sources = (handler_at(path, abis),) if is_one else find_sources(path, abis)
    orphans = {} if is_one else find_orphans(path, sources, abis)
    if not sources and not orphans and not as_json:
        click.echo(f"{path} holds no handler", err=True)
    catalogue = _load(sources, service)
    handlers = [_facts(handler) for handler in catalogue.handlers.values()]
    problems = {file: _problem(error) for file, error in catalogue.problems.items()}
    if as_json:
        found = {"handlers": handlers, "problems": problems, "warnings": orphans}
        click.echo(json.dumps(found, indent=2))
    elif not is_one:
        _print_table(handlers, problems)
        for file, missing in orphans.items():
            click.secho("warn", fg="yellow", nl=False)
            click.echo(f" {file:19} {missing}")
    else:
        _print_one(handlers, problems)
    sys.exit(1 if problems else 0)


def _load(sources: tuple[Source, ...], service: Service) -> Catalogue:
    """Load the handlers like a server: with the quick compiler, unless the better one has compiled
    them already."""
    # The log lines of loading would repeat the output below.
    logging.getLogger("nexus.handlers").disabled = True
    compiler = service.tiers or service.compiler
    pending = [
        s.file for s in sources if not compiler.has_compiled(s.path, service.limits.memory_bytes)
    ]
    if pending and sys.stderr.isatty():
        click.echo(f"compiling {', '.join(pending)}", err=True)
    return load_catalogue(sources, compiler, service.limits, secrets=service.secrets)


def _facts(handler: Handler) -> dict[str, Any]:
    from nexus.pool import reset_way  # late: it is slow to import, and `--help` does not need it

    compiled, info = handler.compiled, handler.compiled.info
    return {
        **facts_of(handler),
        "reset_blocker": info.reset_blocker,
        "reset": None if info.reset_blocker is not None else reset_way(),
        "memory_min_bytes": info.memory_min_pages << 16,
        "memory_max_bytes": info.memory_max_pages << 16,
        "functions": info.functions,
        "imports": [f"{i.module}.{i.name} {_signature(i.type)}" for i in info.imports],
        "exports": [f"{e.name} {_signature(e.type) or e.kind}" for e in info.exports],
        "artifact_bytes": len(compiled.artifact),
    }


def _problem(error: HandlerError) -> dict[str, str]:
    return {"code": error.code, "problem": str(error)}


def _signature(type_: FuncType | None) -> str:
    return f"({' '.join(type_.params)}) -> ({' '.join(type_.results)})" if type_ else ""


def _print_table(handlers: list[dict[str, Any]], problems: dict[str, dict[str, str]]) -> None:
    for facts in handlers:
        methods = ",".join(facts["methods"]) or "any method"
        click.secho("ok  ", fg="green", nl=False)
        click.echo(
            f"{facts['name']:20} {facts['route']:20} {methods:12} {facts['abi']}, "
            f"{facts['isolation']}, {facts['timeout_ms']} ms, "
            f"{facts['memory_limit_bytes'] >> 20} MiB"
        )
        for cron in facts["schedule"]:
            click.echo(f"    {'':20} called at {cron} (UTC)")
    _print_problems(problems)


def _print_one(handlers: list[dict[str, Any]], problems: dict[str, dict[str, str]]) -> None:
    for facts in handlers:
        for name, value in facts.items():
            for line in (value or ["-"]) if isinstance(value, list) else [value]:
                click.echo(f"{name:20} {'-' if line is None else line}")
                name = ""
    _print_problems(problems)


def _print_problems(problems: dict[str, dict[str, str]]) -> None:
    for file, found in problems.items():
        click.secho("bad ", fg="red", nl=False)
        click.echo(f"{file:20} {found['code']}: {found['problem']}")
