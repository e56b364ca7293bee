"""Calls the hooks of all plugins one by one, so that every error names its plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import pluggy

from nexus.errors import NexusError, PluginError, is_interrupt
from nexus.plugin_api import hooks as hookspecs
from nexus.plugin_api.hooks import PROJECT
from nexus.plugins import offers
from nexus.plugins.candidates import DISABLED_VARIABLE
from nexus.plugins.check import Found, described

T = TypeVar("T")


class Offer(NamedTuple):
    """One plugin's answer to a hook."""

    plugin: str
    value: Any


class Calling:
    """Calls hooks of the plugins that were *found*, and keeps which plugin gave what."""

    def __init__(
        self, found: Iterable[Found], failed: Callable[[NexusError], None] | None = None
    ) -> None:
        """*failed*: called with the error of each hook that fails, and then its plugin adds
        nothing; None: the error stops the start.

        Raises: PluginError, with a line for each plugin that cannot be used.
        """
        self.found = [entry for entry in found if entry.candidate.enabled]
        problems = [f"{entry.candidate}: {entry.problem}" for entry in self.found if entry.problem]
        if problems:
            raise PluginError([_with_remedy(line) for line in problems])
        self._candidates = {entry.candidate.name: entry.candidate for entry in self.found}
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        # pluggy calls the last registered plugin first, so register in reverse.
        for entry in reversed(self.found):
            self._pluggy.register(entry.plugin, entry.candidate.name)
        self._failed = failed
        self._givers: dict[tuple[str, str], str] = {}
        """plugins by hook and name of what they gave"""
        self._made: list[tuple[str, object]] = []
        """objects that hooks returned, with their plugins' names, for `close`"""

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        caller: pluggy.HookCaller = getattr(self._pluggy.hook, hook)
        return caller.get_hookimpls()[::-1]

    def _call(self, hook: str, check: Callable[[object], T], **arguments: object) -> list[Offer]:
        """Return each plugin's answer after *check*."""
        found = []
        for implementation in self._implementations(hook):
            name = implementation.plugin_name
            try:
                found.append(Offer(name, self._answer(implementation, hook, check, arguments)))
            except NexusError as error:
                error.plugin = name
                self._fail(error)
        return found

    def _fail(self, error: NexusError) -> None:
        """Report *error* to `failed`, or raise it without one."""
        if self._failed is None:
            raise error
        self._failed(error)

    def _answer(
        self,
        implementation: pluggy.HookImpl,
        hook: str,
        check: Callable[[object], T],
        arguments: Mapping[str, object],
    ) -> T:
        name, returned = implementation.plugin_name, False
        try:
            answer = bound(implementation, arguments)()
            returned = True
            return check(answer)
        except NexusError:
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            if returned and isinstance(error, ValueError):  # by `check`, in words for people
                raise self.error(name, f"{hook}: {error}") from None
            raise self.error(name, f"{hook} failed: {described(error)}") from error

    def _objects(self, hook: str, protocol: type, **arguments: object) -> list[tuple[str, Any]]:
        found = self._call(hook, lambda value: offers.objects(value, protocol), **arguments)
        things = [(offer.plugin, thing) for offer in found for thing in offer.value]
        if hook != "nexus_metrics_sinks":
            self._made += things
        return things

    def _named(
        self, hook: str, check: Callable[[object], dict[str, T]], **arguments: object
    ) -> dict[str, T]:
        things: dict[str, T] = {}
        givers: dict[str, str] = {}
        for offer in self._call(hook, check, **arguments):
            for name, thing in offer.value.items():
                if name in givers:
                    reason = f"{hook}: {name!r} is there already, from plugin {givers[name]}"
                    self._fail(self.error(offer.plugin, reason))
                    continue
                things[name] = thing
                givers[name] = self._givers[hook, name] = offer.plugin
                self._made.append((offer.plugin, thing))
        return things

    def error(self, name: str, reason: str) -> PluginError:
        """Return the error that stops the start because of the plugin called *name*."""
        error = PluginError([_with_remedy(f"{self._candidates[name]}: {reason}")])
        error.plugin = name
        return error

    def _blame(self, hook: str, name: str) -> Callable[[str], PluginError]:
        return lambda reason: self.error(self._givers[hook, name], f"{hook}: {reason}")


def bound(implementation: pluggy.HookImpl, given: Mapping[str, object]) -> Callable[[], Any]:
    """Return a call of a hook with those of the *given* arguments that it takes."""
    arguments = {name: given[name] for name in implementation.argnames}
    return lambda: implementation.function(**arguments)


def _with_remedy(line: str) -> str:
    name = line.split()[1]
    return f"{line} ({DISABLED_VARIABLE}={name} turns it off)"
