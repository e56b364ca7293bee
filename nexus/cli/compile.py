"""`nexus compile`: compiles a module as a worker does when it starts."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nexus.cli.options import (
    MODULE,
    config_option,
    engine_options,
    json_option,
    service_for_a_tool,
)
from nexus.cli.output import json_error
from nexus.errors import NexusError
from nexus.handlers.sources import handler_at

if TYPE_CHECKING:
    from nexus.service import Service


@click.command("compile")
@click.argument("module", type=MODULE)
@click.option("--emit", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the metered module here, as WebAssembly.")  # fmt: skip
@config_option
@click.option("--memory-limit-mb", metavar="N", help="Linear memory it may have.")
@engine_options
@json_option
def compile_module(module: Path, emit: Path | None, as_json: bool, **options: Any) -> None:
    """Compile MODULE into the artifact cache, and describe the result."""
    service = service_for_a_tool(**options)
    try:
        facts = _compile(_program(module, service), emit, service)
    except NexusError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"module": str(module), "error": json_error(error)}, indent=2))
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name:15} {value}")


def _program(module: Path, service: Service) -> Path:
    """Return the file that is compiled for the handler at *module*."""
    source = handler_at(module, service.abis)
    if source.is_static:
        raise click.UsageError(f"{module} is a folder of files: there is nothing to compile")
    return source.path


def _compile(module: Path, emit: Path | None, service: Service) -> dict[str, Any]:
    if emit is not None:
        _emit(module, emit, service)
    began = time.monotonic()
    compiled = service.compiler.compile(module, service.limits.memory_bytes)
    return {
        "module": str(module),
        "abi": compiled.abi,
        "engine": service.engine.name,
        "compiler": service.engine.compiler,
        "module_bytes": module.stat().st_size,
        "artifact_bytes": len(compiled.artifact),
        "functions": compiled.info.functions,
        "seconds": round(time.monotonic() - began, 3),
        "key": compiled.key,
        "metered": str(emit) if emit else None,
        "error": None,
    }


def _emit(module: Path, emit: Path, service: Service) -> None:
    from nexus.compiler.assemble import metered
    from nexus.plugin_api.abi import ModuleProgram

    if emit.exists() and emit.samefile(module):
        raise click.UsageError(f"--emit {emit} would overwrite the module itself")
    program = service.abis.read(module)
    runs_on = program.module if isinstance(program, ModuleProgram) else program.runtime
    content, _ = metered(
        runs_on, service.engine, service.limits.memory_bytes >> 16, own_memory=True
    )
    try:
        emit.write_bytes(content)
    except OSError as error:
        raise click.UsageError(f"cannot write {emit}: {error.strerror}") from error
