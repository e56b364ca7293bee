"""Loads every handler of the folder with its manifest, or finds out why it cannot serve."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from nexus.errors import HandlerConflict, HandlerError, ManifestError
from nexus.handlers.failed import failed_routes
from nexus.handlers.files import NO_PROGRAM, check_static, files_of, static_mount
from nexus.handlers.manifest import Manifest, load_manifest
from nexus.handlers.names import check_name
from nexus.handlers.routes import Routes
from nexus.handlers.secrets import Secrets, SecretsState
from nexus.handlers.settling import Claims, ClaimsFile, settle
from nexus.handlers.sources import Source
from nexus.handlers.split import Sharing, versions_of, with_splits
from nexus.model import Compiled, Handler, Isolation, Limits
from nexus.plugin_api.abi import Program

log = logging.getLogger("nexus.handlers")

COMPILATIONS = 2
"""Compilations at once, each in its own process: ten handlers' first start takes half as long"""


_NO_OTHERS = ClaimsFile(None)
_NO_SECRETS = Secrets()


class CompilesFiles(Protocol):
    def compile(self, path: Path, memory_bytes: int) -> Compiled: ...

    def compile_program(self, program: Program, memory_bytes: int) -> Compiled: ...

    def is_outdated(self, path: Path, memory_bytes: int, compiled: Compiled) -> bool:
        """Return whether compiling again would give better code."""
        ...


@dataclass(frozen=True)
class Catalogue:
    """The handlers folder when loaded: the handlers that can serve, and the others' problems."""

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """by name"""
    problems: Mapping[str, HandlerError] = field(default_factory=dict)
    """by file name; a handler may have a problem and still serve its last good version"""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """by file name, in their state when loaded"""
    loaded: Mapping[str, Handler] = field(default_factory=dict)
    """by file name: what loaded, whether or not another handler has its name or route"""
    serving: Mapping[str, Handler] = field(default_factory=dict)
    """by file name: what serves"""
    routes: Routes[Handler] = field(default_factory=lambda: Routes({}))
    failed: Routes[str] = field(default_factory=lambda: Routes({}))
    """by route: the names of handlers that do not serve"""
    defaults: Limits = field(default_factory=Limits)
    """the limits that manifests do not change"""
    secrets_state: SecretsState = ()
    """the state of the secrets' folder when loaded"""

    def source_of(self, name: str) -> Source | None:
        """Return the source that the handler *name* serves from, or None."""
        served = self.handlers.get(name)
        if served is None:
            return None
        files = (file for file, handler in self.serving.items() if handler is served)
        return self.sources.get(next(files, ""))

    @property
    def versions(self) -> list[Handler]:
        """The handlers that requests reach. Where versions share a handler's requests, each version
        stands for itself."""
        return [version for main in self.handlers.values() for version in versions_of(main)]


@dataclass(frozen=True)
class _Loader:
    """What the loading of a handler takes beside its source."""

    compiler: CompilesFiles
    defaults: Limits
    secrets: Secrets


def load_catalogue(
    sources: Sequence[Source],
    compiler: CompilesFiles,
    defaults: Limits,
    previous: Catalogue | None = None,
    claims_file: ClaimsFile = _NO_OTHERS,
    secrets: Secrets = _NO_SECRETS,
    shares: Sequence[Sharing] = (),
) -> Catalogue:
    """Load every handler of *sources*. A bad one never stops the others.

    What has not changed since *previous* is taken from there; a handler that was good and now is
    not keeps its last good version. A newcomer never takes a name or a route from a handler that
    serves, here or, by *claims_file*, in another worker. *shares*: the handlers of which several
    sources are versions.
    """
    before = previous or Catalogue()
    # Asked before the values are read: a change meanwhile is found at the next look.
    loader, secrets_state = _Loader(compiler, defaults, secrets), secrets.state()
    new_secrets = secrets_state != before.secrets_state
    loaded: dict[str, Handler] = {}
    problems: dict[str, HandlerError] = {}
    with ThreadPoolExecutor(COMPILATIONS, "nexus-load") as threads:
        results = threads.map(lambda source: _load(source, loader, before, new_secrets), sources)
    for source, (handler, problem) in zip(sources, results, strict=True):
        file = source.file
        if handler is not None:
            loaded[file] = handler
        if problem is not None and not isinstance(problem, HandlerConflict):
            problems[file] = problem
    with claims_file.held(_claims(before.serving)) as claims:
        beside = {file for entry in shares for file in entry.weights if file != entry.main}
        mains = {file: handler for file, handler in loaded.items() if file not in beside}
        settled, conflicts = settle(mains, before.serving, claims)
        serving = with_splits(settled, loaded, shares)
        claims.clear()
        claims.update(_claims(serving))
    problems.update(conflicts)
    for file, problem in problems.items():
        if str(problem) != str(before.problems.get(file)):
            _log_problem(file, problem, keeps=file in serving)
    by_file = {source.file: source for source in sources}
    handlers = {serving[file].name: serving[file] for file in by_file if file in serving}
    routes = Routes({handler.route: handler for handler in handlers.values()})
    failed = failed_routes((s for s in sources if s.file not in beside), serving)
    return Catalogue(
        handlers, problems, by_file, loaded, serving, routes, failed, defaults, secrets_state
    )


def _claims(serving: Mapping[str, Handler]) -> Claims:
    return {file: (handler.name, handler.route) for file, handler in serving.items()}


def _load(
    source: Source, loader: _Loader, before: Catalogue, new_secrets: bool
) -> tuple[Handler | None, HandlerError | None]:
    """Return the handler of *source*, new or from *before*, and its problem."""
    handler, problem = before.loaded.get(source.file), before.problems.get(source.file)
    changed = before.sources.get(source.file) != source
    curable = (new_secrets and isinstance(problem, ManifestError)) or (
        # It loaded where it was deployed: here there was too little time or memory, perhaps.
        source.version != "" and problem is not None and not isinstance(problem, HandlerConflict)
    )
    try:
        if changed or curable or _is_outdated(source, handler, loader.compiler):
            name = check_name(source.name)
            return load_handler(
                source, loader.compiler, loader.defaults, name, loader.secrets
            ), None
        if handler is None:
            return None, problem
        if before.defaults != loader.defaults or (new_secrets and handler.secrets):
            return _renewed(handler, source, loader), problem
    except HandlerError as error:
        problem = error
    return handler, problem


def _renewed(handler: Handler, source: Source, loader: _Loader) -> Handler:
    """Return *handler* with the limits and the secrets of *loader*; compile it only if its memory
    changes.

    Raises: HandlerError.
    """
    manifest = load_manifest(source.manifest, handler.name)
    limits = manifest.limits(loader.defaults)
    if limits.memory_bytes != handler.limits.memory_bytes:
        return load_handler(source, loader.compiler, loader.defaults, None, loader.secrets)
    env = _environment(manifest, source, loader.secrets)
    return replace(handler, limits=limits, env=env)


def _environment(manifest: Manifest, source: Source, secrets: Secrets) -> dict[str, str]:
    """Return the guest's environment. Raises: ManifestError."""
    return {**manifest.env, **secrets.read(manifest.secrets, source.manifest.name)}


def _is_outdated(source: Source, handler: Handler | None, compiler: CompilesFiles) -> bool:
    return handler is not None and compiler.is_outdated(
        source.path, handler.limits.memory_bytes, handler.compiled
    )


def load_handler(
    source: Source,
    compiler: CompilesFiles,
    defaults: Limits,
    name: str | None = None,
    secrets: Secrets = _NO_SECRETS,
) -> Handler:
    """Load the handler of *source*, with the manifest beside it.

    *name*: what it is called; None: as its file is, where that is a name.

    Raises: HandlerError.
    """
    if name is None:
        name = check_name(source.name)
    manifest = load_manifest(source.manifest, name)
    limits = manifest.limits(defaults)
    env = _environment(manifest, source, secrets)
    check_static(manifest.static, manifest.model_fields_set, source.is_static, source.manifest.name)
    files = files_of(manifest.files, manifest.scratch_mb, source.path.parent, source.manifest.name)
    static = static_mount(source.path, source.manifest.name) if source.is_static else None
    if static is not None:
        compiled = compiler.compile_program(NO_PROGRAM, limits.memory_bytes)
    else:
        compiled = compiler.compile(source.path, limits.memory_bytes)
    return Handler(
        name=name,
        route=manifest.route,
        compiled=compiled,
        methods=manifest.methods,
        limits=limits,
        isolation=Isolation.FRESH if static is not None else manifest.isolation,
        max_concurrency=manifest.max_concurrency or 0,
        priority=manifest.priority,
        capabilities=manifest.capabilities,
        env=env,
        secrets=manifest.secrets,
        args=manifest.args,
        args_from_query=manifest.args_from_query,
        strip_prefix=manifest.strip_prefix,
        stream=manifest.stream,
        cpu=manifest.cpu.allocation(),
        version=source.version,
        http=manifest.http,
        kv=manifest.kv,
        schedule=manifest.schedule,
        files=files,
        static=static,
        description=manifest.description,
        input_schema=manifest.input_schema,
    )


def _log_problem(file: str, error: HandlerError, *, keeps: bool) -> None:
    suffix = " (its last good version goes on serving)" if keeps else ""
    log.error("%s%s", about(file, error), suffix, extra={"fields": {"code": error.code}})


def about(file: str, error: HandlerError) -> str:
    """Return the text of *error*, which begins with the handler's *file*: once, though many texts
    begin with a place in it, such as `hello.js:3:7: …`, or `main.py: …` for `shop/main.py`."""
    text, name = str(error), Path(file).name
    if text.startswith(f"{file}:"):
        return text
    if text.startswith(f"{name}:"):
        return file + text[len(name) :]
    return f"{file}: {text}"
