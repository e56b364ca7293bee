"""One thread's part of the pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from nexus.model import Handler, Isolation
from nexus.pool.instance import WasmInstance
from nexus.pool.linked import LinkedModule

MOST_KEPT: Final = 8
"""How many modules of a thread may keep parts of an instance: up to 256 KiB of memory each, which
the budget does not count"""


Place: TypeAlias = tuple[str, str]
"""Where an instance waits: its compiled key, and the name of the handler that alone may have it"""


def place_of(handler: Handler) -> Place:
    """Return where instances of *handler* wait. Handlers with the same source share those that are
    reset; others serve their own handler, and only while its isolation stays."""
    if handler.isolation is Isolation.RESET:
        return handler.compiled.key, ""
    return handler.compiled.key, f"{handler.isolation.value} {handler.name}"


@dataclass(eq=False)
class Shelf:
    """One thread's linked modules by module key, and its idle instances by place."""

    modules: dict[str, LinkedModule] = field(default_factory=dict)
    idle: dict[Place, list[WasmInstance]] = field(default_factory=dict)
    kept: list[LinkedModule] = field(default_factory=list)
    """the modules that keep parts of an ended instance; the latest is last"""

    def keep(self, linked: LinkedModule) -> None:
        """Note that *linked* keeps parts of an instance; drop those of the module used least
        lately if they are too many."""
        kept = self.kept
        if kept and kept[-1] is linked:
            return
        if linked in kept:
            kept.remove(linked)
        kept.append(linked)
        if len(kept) > MOST_KEPT:
            kept.pop(0).drop_kept()
