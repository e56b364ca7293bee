"""Loads one worker's handlers, warms instances, and keeps what serves."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nexus.errors import HandlerConflict, InvalidHandler, NexusError
from nexus.handlers.catalogue import Catalogue, load_catalogue, load_handler
from nexus.handlers.names import nearest_name
from nexus.handlers.secrets import Secrets
from nexus.handlers.settling import ClaimsFile, conflict
from nexus.handlers.sources import Source, find_sources, handler_at
from nexus.handlers.split import Sharing
from nexus.handlers.texts import SourceTexts
from nexus.handlers.watcher import HandlersWatcher
from nexus.logs import CHANGES
from nexus.model import Handler, Isolation, Limits
from nexus.plugin_api.ticker import TICKER, Tick
from nexus.pool import WarmedThreads, reset_way, spread, warm_threads
from nexus.service.build import Parts
from nexus.service.changes import log_changes
from nexus.versions.deployed import Deployed, merged

log = logging.getLogger("nexus.service")
changes_log = logging.getLogger(CHANGES)

RETRY_S = 5.0
"""How long after a deployed version could not be loaded it is tried again: it did load where it was
deployed, so this worker may have had too little time or memory"""


class Handlers:
    """The handlers that one worker serves. Loading happens on the watcher's thread."""

    def __init__(
        self,
        parts: Parts,
        folder: Path,
        min_instances: int,
        claims_file: ClaimsFile,
        secrets: Secrets | None = None,
    ) -> None:
        """*min_instances*: how many instances are warmed; *claims_file*: where the pod's workers
        agree on which handler has which name and route."""
        self._parts, self._limits = parts, parts.limits
        self._min_instances = min_instances
        self._claims_file, self._secrets = claims_file, secrets or Secrets()
        self._compiler = parts.tiers or parts.compiler
        self._watcher = HandlersWatcher(folder, parts.abis, self._load, self._secrets)
        self._loaded = threading.Event()
        self._threads: WarmedThreads | None = None
        self.catalogue = Catalogue()
        self.texts = SourceTexts(parts.abis, self._compiler, lambda: self._limits, self.retain)
        self._pending: tuple[str, ...] = ()
        """default routes of handlers whose language runtime is being compiled"""
        self.on_serving: Callable[[Iterable[Handler]], None] = lambda handlers: None
        """called with the handlers that serve from now on; set before `start`"""
        self.warmed = False
        """whether instances have been warmed once"""
        self._changed = threading.Condition()  # guards the fields below
        self._deployed: tuple[Deployed, ...] = ()
        self._ordered = self._applied = 0
        """how often `deploy` was called, and which of these calls a finished load has seen"""
        self._folder: Sequence[Source] = ()
        self._watches = False
        self._retry: Tick | None = None

    @property
    def loaded(self) -> bool:
        """True once the handlers were loaded."""
        return self._loaded.is_set()

    def wait_loaded(self, timeout_s: float) -> bool:
        """Wait until the handlers are loaded, up to *timeout_s*; return whether they are."""
        return self._loaded.wait(timeout_s)

    def is_pending(self, path: str) -> bool:
        """Return whether *path* is the default route of a handler whose language runtime is being
        compiled, or below it."""
        return any(path == route or path.startswith(f"{route}/") for route in self._pending)

    @property
    def longest_timeout_s(self) -> float:
        """The longest deadline of a handler that serves."""
        served = self.catalogue.versions
        return max((handler.limits.timeout_s for handler in served), default=0.0)

    def start(self, threads: WarmedThreads | None) -> None:
        """Load the folder on the watcher's thread, now and after changes; warm instances on
        *threads*, once."""
        self._threads = threads
        log.info("a reset %s", reset_way())
        self._watches = True
        self._watcher.start()

    def close(self) -> None:
        """Stop watching the folder, without waiting for a compilation under way."""
        self._watcher.close()
        if self._retry is not None:
            self._retry.close()

    def load_folder(self, folder: Path) -> None:
        """Load the handlers in *folder* now.

        Raises: InvalidHandler if the folder cannot be read.
        """
        self._load(find_sources(folder, self._parts.abis))

    def load_file(self, path: Path, limits: Limits | None) -> Handler:
        """Load the one handler at *path*, a file or a folder, now, and return it. The file may
        have any name: nothing is routed by it.

        Raises: HandlerError, also if the folder holds only files to serve.
        """
        source = handler_at(path, self._parts.abis)
        if source.is_static:
            raise InvalidHandler(f"{path} is a folder of files: it has no program to run")
        name = nearest_name(source.name)
        handler = load_handler(source, self._compiler, limits or self._limits, name, self._secrets)
        self._serve(Catalogue({handler.name: handler}))
        return handler

    def set_limits(self, limits: Limits) -> None:
        """Set other *limits*, and load all handlers again soon."""
        if limits != self._limits:
            self._limits = limits
            self._watcher.load_again()

    # ---- deployed versions ----------------------------------------------------------------------

    def check(self, source: Source) -> Handler:
        """Load the handler of *source* without serving it.

        Raises: HandlerError, also if it cannot serve beside the handlers that do.
        """
        handler = load_handler(source, self._compiler, self._limits, secrets=self._secrets)
        serving = self.catalogue.serving
        others = {file: other for file, other in serving.items() if other.name != handler.name}
        problem = conflict(handler, others)
        if problem is not None:
            raise HandlerConflict(problem)
        return handler

    def deploy(self, deployed: Sequence[Deployed]) -> None:
        """Serve *deployed* soon, in the place of files of the same names."""
        with self._changed:
            self._deployed = tuple(deployed)
            self._ordered += 1
        if self._watches:
            self._watcher.load_at_once()
        elif self.loaded:
            self._load(self._folder)

    def wait_deployed(self, timeout_s: float) -> bool:
        """Wait until what `deploy` was called with serves, up to *timeout_s*; return whether it
        does."""
        with self._changed:
            ticket = self._ordered
            return self._changed.wait_for(lambda: self._applied >= ticket, timeout_s)

    # ---- loading --------------------------------------------------------------------------------

    def _load(self, folder: Sequence[Source]) -> None:
        with self._changed:
            self._folder, ticket = folder, self._ordered
            deployed = self._deployed
        self._load_all(merged(folder, deployed), [entry.shares for entry in deployed])
        with self._changed:
            self._applied = ticket
            self._changed.notify_all()
        if self._watches:
            self._retry_versions()

    def _retry_versions(self) -> None:
        """Load again after a while if a deployed version failed, and not for its route or name."""
        if self._retry is not None:
            self._retry.close()
        found = self.catalogue
        if any(
            found.sources[file].version and not isinstance(problem, HandlerConflict)
            for file, problem in found.problems.items()
        ):
            self._retry = TICKER.every(RETRY_S, self._watcher.load_at_once)

    def _load_all(self, sources: Sequence[Source], shares: Sequence[Sharing] = ()) -> None:
        loaded, memory_bytes = self.catalogue.loaded, self._limits.memory_bytes
        slow = [
            source
            for source in sources
            if source.file not in loaded and self._compiler.takes_long(source.path, memory_bytes)
        ]
        names = ", ".join(source.name for source in slow)
        if slow and len(slow) == len(sources):
            changes_log.info("a language runtime is being compiled for %s", names)
        elif slow:
            changes_log.info(
                "serving the others while a language runtime is compiled for %s", names
            )
            self._pending = tuple(f"/{source.name}" for source in slow)
            self._load_now([source for source in sources if source not in slow], shares)
        self._load_now(sources, shares)
        self._pending = ()

    def _load_now(self, sources: Sequence[Source], shares: Sequence[Sharing]) -> None:
        before, parts, claims = self.catalogue, self._parts, self._claims_file
        self._serve(
            load_catalogue(
                sources, self._compiler, self._limits, before, claims, self._secrets, shares
            )
        )
        if parts.tiers is not None:
            parts.tiers.improve(
                [
                    (source.path, handler.limits.memory_bytes, handler.compiled)
                    for source in sources
                    if (handler := self.catalogue.loaded.get(source.file)) is not None
                    and handler.static is None
                ],
                self._watcher.load_again,
            )
        log.info(
            "%d handlers, %d with problems, engine %s with %s",
            len(self.catalogue.handlers),
            len(self.catalogue.problems),
            parts.engine.name,
            parts.engine.compiler,
        )
        log_changes(before, self.catalogue)

    def _serve(self, catalogue: Catalogue) -> None:
        """Serve *catalogue*, and warm instances if there are threads."""
        handlers = catalogue.versions
        self.catalogue = catalogue
        self.retain()
        # Serve before warming, which takes all threads, even those on which requests wait.
        self._loaded.set()
        threads, self._threads = self._threads, None
        if threads is not None and threads.number:
            warmable = [h for h in handlers if h.isolation is not Isolation.FRESH]
            jobs = spread(warmable, threads.number, self._min_instances)
            warm_threads(threads, jobs, self._warm)
        self._parts.metrics.serving(handlers)
        self.warmed = True
        self.on_serving(handlers)

    def retain(self) -> None:
        """Make the pool keep what serves, and nothing else."""
        handlers = [*self.catalogue.versions, *self.texts.handlers()]
        self._parts.pool.retain([handler.compiled for handler in handlers])

    def _warm(self, handler: Handler) -> None:
        parts = self._parts
        run = parts.dispatcher.new_run(handler, time.monotonic())
        watch = parts.watchdog.watch(run)
        try:
            parts.pool.warm(handler, run)
        except NexusError as error:
            log.warning("%s starts without a warm instance: %s", handler.name, error)
        finally:
            parts.watchdog.unwatch(watch)
