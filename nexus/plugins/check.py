"""Loads one candidate, and describes what is wrong with it in one line."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nexus.errors import is_interrupt
from nexus.plugin_api import hooks as hookspecs
from nexus.plugin_api.hooks import PROJECT
from nexus.plugin_api.problems import suggestion
from nexus.plugins.candidates import Candidate

PREFIX = f"{PROJECT}_"
HOOKS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(getattr(hookspecs, name)).parameters)
    for name in vars(hookspecs)
    if name.startswith(PREFIX)
}
"""Maps every hook to the arguments it may take"""


@dataclass(frozen=True)
class Found:
    """A candidate after loading, with its plugin or its problem."""

    candidate: Candidate
    plugin: object = None
    hooks: tuple[str, ...] = ()
    problem: str | None = None
    """why the plugin cannot be used; None: it can"""

    @property
    def state(self) -> str:
        """`on`, `off` or `broken`."""
        if not self.candidate.enabled:
            return "off"
        return "on" if self.problem is None else "broken"


def find(candidate: Candidate) -> Found:
    """Load *candidate*, unless it is turned off, and check its hooks."""
    if not candidate.enabled:
        return Found(candidate)
    try:
        plugin = candidate.load()
    except BaseException as error:
        if is_interrupt(error):
            raise
        return Found(candidate, problem=f"cannot be imported: {described(error)}")
    try:
        return _with_hooks(candidate, plugin)
    except BaseException as error:  # a property of its may raise
        if is_interrupt(error):
            raise
        return Found(candidate, problem=f"its members cannot be read: {described(error)}")


def _with_hooks(candidate: Candidate, plugin: object) -> Found:
    hooks, problems = [], []
    for name, function, options in _marked(plugin):
        hook = (options or {}).get("specname") or name
        problem = _problem(hook, function, options)
        if problem is None:
            hooks.append(hook)
        else:
            problems.append(problem)
    if inspect.isclass(plugin):
        problems = [f"its entry point names the class {plugin.__name__}; name an object of it"]
    elif not hooks and not problems:
        problems = [f"has no hooks: none of its functions is marked @hookimpl and called {PREFIX}*"]
    return Found(candidate, plugin, tuple(sorted(hooks)), "; ".join(problems) or None)


def _marked(plugin: object) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any] | None]]:
    """Yield functions marked `@hookimpl`, with the marker's options, or named like a hook."""
    for name in dir(plugin):
        function = getattr(plugin, name, None)
        if not inspect.isroutine(function):
            continue
        options = getattr(function, f"{PROJECT}_impl", None)
        if isinstance(options, dict):
            yield name, function, options
        elif name.startswith(PREFIX):
            yield name, function, None


def _problem(hook: str, function: Callable[..., Any], options: dict[str, Any] | None) -> str | None:
    allowed = HOOKS.get(hook)
    if allowed is None:
        if options is not None and options["optionalhook"]:
            return None
        return f"{hook} is not a hook of Nexus; {suggestion(hook, HOOKS)}"
    if options is None:
        return f"{hook} is not marked @hookimpl"
    if options["wrapper"] or options["hookwrapper"]:
        return f"{hook} is a wrapper; Nexus's hooks build things, there is nothing to wrap"
    if inspect.iscoroutinefunction(function):
        return f"{hook} is a coroutine; hooks are plain functions"
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is parameter.empty and (
            parameter.name not in allowed or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD
        ):
            takes = f"it may take: {', '.join(allowed)}" if allowed else "it takes nothing"
            return f"{hook} takes {parameter.name!r}; {takes}"
    return None


def described(error: BaseException) -> str:
    """Describe an exception in a line: its type, its message, and the line that raised it."""
    found = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in found if not frame.filename.startswith("<frozen ")]  # importlib
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}{where}" if said else f"{type(error).__name__}{where}"
