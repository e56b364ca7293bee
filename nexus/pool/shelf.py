"""One thread's part of the pool."""

from __future__ import annotations

from dataclasses import dataclass, field

from nexus.pool.instance import WasmInstance
from nexus.pool.linked import LinkedModule


@dataclass(eq=False)
class Shelf:
    """One thread's linked modules by module key, and its idle instances by compiled key."""

    modules: dict[str, LinkedModule] = field(default_factory=dict)
    idle: dict[str, list[WasmInstance]] = field(default_factory=dict)
