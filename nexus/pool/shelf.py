"""What the pool keeps for one thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from nexus.pool.instance import WasmInstance
from nexus.pool.linked import LinkedModule


@dataclass(eq=False)
class Shelf:
    """What one thread has: its linked modules by module key, idle instances by compiled key."""

    modules: dict[str, LinkedModule] = field(default_factory=dict)
    idle: dict[str, list[WasmInstance]] = field(default_factory=dict)
