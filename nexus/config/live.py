"""Follows changes of settings while a worker runs: applies the live ones, reports the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from nexus.config.describe import public_values
from nexus.config.load import Loaded
from nexus.config.settings import LIVE_NAMES, Settings
from nexus.config.stack import read_all
from nexus.errors import ConfigError, is_interrupt
from nexus.plugin_api.config_source import Closer

log = logging.getLogger("nexus.config")


class LiveSettings:
    """A thread that reads the sources again whenever one has changed.

    A change with an error in it changes nothing: every problem is logged, and the last good
    settings stay.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._stack, self._started = loaded.stack, loaded.started
        self._settings = loaded.settings
        """the settings in use"""
        self._said: dict[str, object] = {}
        """logged changes that need a restart: setting name -> new value"""
        self._reported: list[str] = []
        self._changed, self._stopped = threading.Event(), False
        self._closers: list[Closer] = []

    def start(self, apply: Callable[[Settings], None]) -> None:
        """Watch the sources; after each change of a live setting, call *apply* with all settings,
        on the watching thread."""
        for source in self._stack.sources:
            try:
                closer = source.watch(self._changed.set)
            except BaseException as error:  # a plugin's; what it said counts all the same
                if is_interrupt(error):
                    raise
                log.exception("%s cannot be watched", source.name)
            else:
                self._closers += [] if closer is None else [closer]
        if self._closers:
            self._changed.set()  # read once: a source may have changed before the watch
            thread = threading.Thread(
                target=self._work, args=(apply,), name="nexus-config", daemon=True
            )
            thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stopped = True
        self._changed.set()
        for closer in self._closers:
            try:
                closer.close()
            except BaseException as error:  # a plugin's; the others must be closed too
                if is_interrupt(error):
                    raise
                log.exception("a source of settings cannot be closed")

    def _work(self, apply: Callable[[Settings], None]) -> None:
        while self._changed.wait() and not self._stopped:
            self._changed.clear()
            try:
                self.take(apply)
            except Exception:  # the next change may succeed
                log.exception("the settings stay as they are, because applying a change failed")

    def take(self, apply: Callable[[Settings], None]) -> None:
        """Read the sources now, and apply the changes."""
        said, problems, warnings = read_all(self._stack.sources, self._stack.said)
        stack = replace(self._stack, said=said)
        try:
            found, origins = stack.join(problems)
        except ConfigError as error:
            self._report([f"{problem} (the last good settings stay)" for problem in error.problems])
            return
        self._report(warnings)
        self._stack = stack
        self._say_fixed(found, origins)
        self._apply_live(found, origins, apply)

    def _report(self, lines: list[str]) -> None:
        """Log each problem once, until the problems change."""
        if lines != self._reported:
            for line in lines:
                log.error("%s", line)
            if not lines:
                log.info("the sources of settings are right again")
        self._reported = lines

    def _apply_live(
        self, found: Settings, origins: dict[str, str], apply: Callable[[Settings], None]
    ) -> None:
        changed = [name for name in LIVE_NAMES if differ(name, found, self._settings)]
        if not changed:
            return
        update = {name: getattr(found, name) for name in changed}
        settings = self._settings.model_copy(update=update)
        apply(settings)
        for name, old, new in _shown(changed, self._settings, settings):
            log.info("%s: %s instead of %s (%s)", name, new, old, origins.get(name, "default"))
        self._settings = settings

    def _say_fixed(self, found: Settings, origins: dict[str, str]) -> None:
        """Log settings whose change needs a restart, once for each change."""
        fixed = [name for name in Settings.model_fields if name not in LIVE_NAMES]
        changed = [name for name in fixed if differ(name, found, self._started)]
        said = {name: getattr(found, name) for name in changed}
        new = [name for name in changed if self._said.get(name) != said[name]]
        for name, before, after in _shown(new, self._started, found):
            log.warning(
                "%s: %s instead of %s (%s) takes a restart",
                *(name, after, before, origins.get(name, "default")),
            )
        self._said = said


def differ(name: str, one: Settings, other: Settings) -> bool:
    """Return whether the two have different values for the setting."""
    return bool(getattr(one, name) != getattr(other, name))


def _shown(
    names: list[str], before: Settings, after: Settings
) -> Iterator[tuple[str, object, object]]:
    """Yield each name with its two values, with possible secrets hidden."""
    olds, news = public_values(before), public_values(after)
    for name in names:
        yield name, olds[name], news[name]
