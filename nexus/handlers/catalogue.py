"""The handlers folder: every NAME.wasm and NAME.wat in it, each with its manifest, or why not."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nexus.errors import HandlerError, InvalidHandler
from nexus.handlers.manifest import check_name, load_manifest
from nexus.model import Compiled, Handler, Limits

log = logging.getLogger("nexus.handlers")

SUFFIXES = (".wasm", ".wat")
RESERVED_ROUTES = ("/healthz", "/readyz", "/metrics", "/v1")


class CompilesFiles(Protocol):
    def compile(self, path: Path, memory_bytes: int) -> Compiled: ...


@dataclass(frozen=True)
class Catalogue:
    """What a handlers folder holds: the handlers that can serve, and what is wrong with others."""

    handlers: Mapping[str, Handler]
    problems: Mapping[str, HandlerError]
    """by file or handler name"""


def load_catalogue(folder: Path, compiler: CompilesFiles, defaults: Limits) -> Catalogue:
    """Load every handler in *folder*. One that is bad never stops the others.

    Raises: InvalidHandler where the folder itself cannot be read.
    """
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    except OSError as error:
        raise InvalidHandler(
            f"cannot read the handlers folder {folder}: {error.strerror}"
        ) from error
    handlers: dict[str, Handler] = {}
    problems: dict[str, HandlerError] = {}
    for path in files:
        try:
            if path.stem in handlers:
                raise InvalidHandler(f"{path.stem} is there twice: as .wasm and as .wat")
            handler = load_handler(path, compiler, defaults)
            _check_route(handler, handlers)
            handlers[handler.name] = handler
        except HandlerError as error:
            problems[path.name] = error
            log.error("%s: %s", path.name, error, extra={"fields": {"code": error.code}})
    return Catalogue(handlers, problems)


def load_handler(path: Path, compiler: CompilesFiles, defaults: Limits) -> Handler:
    """Load the handler whose module is at *path*, with the manifest beside it.

    Raises: HandlerError.
    """
    name = check_name(path.stem)
    manifest = load_manifest(path.with_suffix(".toml"), name)
    limits = manifest.limits(defaults)
    return Handler(
        name=name,
        route=manifest.route,
        compiled=compiler.compile(path, limits.memory_bytes),
        methods=manifest.methods,
        limits=limits,
        isolation=manifest.isolation,
        max_concurrency=manifest.max_concurrency or 0,
        capabilities=manifest.capabilities,
        env=dict(manifest.env),
    )


def _check_route(handler: Handler, others: Mapping[str, Handler]) -> None:
    for reserved in RESERVED_ROUTES:
        if handler.route == reserved or handler.route.startswith(f"{reserved}/"):
            raise InvalidHandler(f"route {handler.route} is reserved: {', '.join(RESERVED_ROUTES)}")
    for other in others.values():
        if other.route == handler.route:
            raise InvalidHandler(f"route {handler.route} is taken by handler {other.name!r}")
