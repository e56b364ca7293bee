"""Changes of settings while a worker runs: takes over what may change, says what cannot."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from nexus.config.describe import public_values
from nexus.config.load import Loaded
from nexus.config.settings import LIVE_NAMES, Settings
from nexus.config.stack import read_all
from nexus.errors import ConfigError
from nexus.fence import is_interrupt
from nexus.plugin_api.config_source import Closer

log = logging.getLogger("nexus.config")


class LiveSettings:
    """Reads the sources again whenever one has changed, on one thread.

    A change with anything wrong in it changes nothing: every problem is said, and the last good
    settings stay.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._stack, self._started = loaded.stack, loaded.started
        self._settings = loaded.settings
        """those in use"""
        self._said: dict[str, object] = {}
        """what needs a restart and was said: the value it would get"""
        self._reported: list[str] = []
        self._changed, self._stopped = threading.Event(), False
        self._closers: list[Closer] = []

    def start(self, apply: Callable[[Settings], None]) -> None:
        """Watch the sources; *apply* is called, on a thread of ours, with all settings whenever
        one has changed that may."""
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
            self._changed.set()  # once without a change: there may have been one before the watch
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
            except Exception:  # the next change may go well
                log.exception("a change of settings could not be taken over")

    def take(self, apply: Callable[[Settings], None]) -> None:
        """Read the sources now, and take over what has changed."""
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
        """Say what is wrong, once for as long as it stays the same."""
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
        """Say which settings have changed that cannot while running; once for each change."""
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
    """Whether the two have different values for the setting."""
    return bool(getattr(one, name) != getattr(other, name))


def _shown(
    names: list[str], before: Settings, after: Settings
) -> Iterator[tuple[str, object, object]]:
    """Each name with its two values, as anybody may see them."""
    olds, news = public_values(before), public_values(after)
    for name in names:
        yield name, olds[name], news[name]
