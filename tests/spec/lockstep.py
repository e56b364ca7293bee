"""Runs one script of the suite in two worlds at once, metered and not, and compares outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import wasmtime

from nexus.errors import InvalidModule
from nexus.model import FuncType, ModuleInfo
from nexus.wasm import RewriteLimits, rewrite
from nexus.wasm.format.names import CHECKPOINT

from .expected import matches
from .suite import Script
from .trampoline import NotPassable, flatten
from .worlds import SPECTEST, Instance, Known, NotAccepted, Trapped, World

LIMITS = RewriteLimits(memory_pages=65536, table_elements=(1 << 31) - 1)
"""as wide as they go: what they clamp is another test's matter"""

Outcome = tuple[Any, ...]
Action = dict[str, Any]


@dataclass
class Report:
    """What came of the commands of all scripts that ran."""

    compared: Counter[str] = field(default_factory=Counter)
    """assertions and modules with one outcome in both worlds, by kind"""
    refused: Counter[str] = field(default_factory=Counter)
    """modules the rewriter refused, by reason"""
    skipped: Counter[str] = field(default_factory=Counter)
    """commands that could not be compared, by reason"""
    not_taken: Counter[str] = field(default_factory=Counter)
    """modules that neither engine takes, metered or not, by script"""
    different: list[str] = field(default_factory=list)
    """metering changed something: a bug of ours"""
    unexpected: Counter[str] = field(default_factory=Counter)
    """both worlds do what the suite does not expect, by script: a matter of the engine"""


@dataclass(frozen=True)
class Loaded:
    """One module of a script in both worlds."""

    info: ModuleInfo
    plain: Instance
    metered: Instance

    def type_of(self, name: str) -> FuncType:
        found = next(e.type for e in self.info.exports if e.name == name)
        assert found is not None  # the script calls it
        return found


class Lockstep:
    """One script, command by command. Where the metered world has no module, neither has any."""

    def __init__(self, script: Script, make_world: Callable[[], World], report: Report) -> None:
        self._script, self._report = script, report
        self._plain, self._metered = make_world(), make_world()
        self._complete = True
        """nothing was skipped that later commands may count on"""
        self._current: Loaded | None = None
        self._named: dict[str, Loaded | None] = {}
        self._registered: dict[str, Loaded | None] = {}
        self._registered["spectest"] = self._load(SPECTEST)

    def run(self) -> None:
        for number, command in enumerate(self._script.commands):
            kind = command["type"]
            if kind == "module":
                self._module(number, command)
            elif kind == "register":
                self._registered[command["as"]] = self._chosen(command.get("name"))
            elif "action" in command:
                self._action(number, command)
            elif kind in ("assert_unlinkable", "assert_uninstantiable"):
                self._no_instance(number, command)
            else:
                self._skip(f"{kind}: its module is not in the package")

    def _chosen(self, name: str | None) -> Loaded | None:
        return self._current if name is None else self._named.get(name)

    # ---- modules -----------------------------------------------------------------------------

    def _module(self, number: int, command: dict[str, Any]) -> None:
        text = self._script.module_text(number)
        assert text is not None
        self._current = None
        try:
            self._current = self._load(text)
            self._report.compared["module"] += 1
        except InvalidModule as refused:
            self._report.refused[_kind_of(refused)] += 1
        except LookupError as missing:
            self._skip(str(missing))
        except AssertionError as different:
            self._differs(number, str(different))
        self._complete = self._complete and self._current is not None
        if "name" in command:
            self._named[command["name"]] = self._current

    def _load(self, text: str) -> Loaded | None:
        """Make the module in both worlds.

        Raises: InvalidModule where the rewriter refuses it; AssertionError where the worlds do
            not agree; LookupError where neither engine takes it.
        """
        loaded, plain, metered = self._make(text)
        assert plain == metered, f"module: {plain} unmetered, {metered} metered"
        if loaded is None:
            self._report.not_taken[self._script.name] += 1
            raise LookupError("the engine does not take it")
        return loaded

    def _make(self, text: str) -> tuple[Loaded | None, Outcome, Outcome]:
        wasm = bytes(wasmtime.wat2wasm(text))
        rewritten, info = rewrite(wasm, LIMITS, import_memory=self._metered.provides_memory)
        imports = [(i.module, i.name) for i in info.imports]
        if any(self._registered.get(module, self) is None for module, _ in imports):
            raise LookupError("it imports from a module that is not there")
        known = {name: found for name, found in self._registered.items() if found is not None}
        plain, first = _attempt(
            self._plain, wasm, imports, {name: found.plain for name, found in known.items()}
        )
        metered, second = _attempt(
            self._metered,
            rewritten,
            [*imports, CHECKPOINT],
            {name: found.metered for name, found in known.items()},
        )
        if plain is None or metered is None:
            return None, first, second
        return Loaded(info, plain, metered), first, second

    def _no_instance(self, number: int, command: dict[str, Any]) -> None:
        text = self._script.module_text(number)
        complete, self._complete = self._complete, False
        if text is None:
            self._skip(f"{command['type']}: its module is not in the package")
            return
        try:
            _, plain, metered = self._make(text)
        except InvalidModule as refused:
            self._report.refused[_kind_of(refused)] += 1
        except LookupError as missing:
            self._skip(str(missing))
        else:
            self._complete = complete
            self._compare(number, command, plain, metered)

    # ---- actions -----------------------------------------------------------------------------

    def _action(self, number: int, command: dict[str, Any]) -> None:
        action = command["action"]
        loaded = self._chosen(action.get("module"))
        if loaded is None:
            self._skip("it calls a module that is not there")
            return
        try:
            plain = self._act(self._plain, loaded.plain, loaded, action)
            metered = self._act(self._metered, loaded.metered, loaded, action)
        except NotPassable:
            self._skip("it passes a reference that is not null")
            self._complete = False
        else:
            self._compare(number, command, plain, metered)

    def _act(
        self, world: World, instance: Instance, loaded: Loaded, action: dict[str, Any]
    ) -> Outcome:
        name = action["field"]
        if action["type"] == "get":
            return "global", repr(world.read_global(instance, name))
        arguments = tuple(flat for value in action["args"] for flat in flatten(value))
        try:
            return "returned", world.call(instance, name, loaded.type_of(name), arguments)
        except Trapped as trap:
            return "trapped", str(trap)

    def _compare(
        self, number: int, command: dict[str, Any], plain: Outcome, metered: Outcome
    ) -> None:
        kind = command["type"]
        if plain != metered:
            self._differs(number, f"{kind}: {plain} unmetered, {metered} metered")
            return
        self._report.compared[kind] += 1
        if self._complete and not matches(command, plain):
            self._report.unexpected[self._script.name] += 1

    def _skip(self, reason: str) -> None:
        self._report.skipped[reason] += 1

    def _differs(self, number: int, what: str) -> None:
        line = self._script.commands[number]["line"]
        self._report.different.append(f"{self._script.name}.wast:{line} {what}")


def _attempt(
    world: World, wasm: bytes, imports: list[tuple[str, str]], known: Known
) -> tuple[Instance | None, Outcome]:
    try:
        return world.instantiate(wasm, imports, known), ("instantiated",)
    except NotAccepted:
        return None, ("not accepted",)
    except Trapped as trap:
        return None, ("trapped", str(trap))


def _kind_of(refused: InvalidModule) -> str:
    """The reason without what is special to one module."""
    reason = refused.reason.split(" (")[0].removesuffix(": not supported")
    return reason.split(": ")[-1]
