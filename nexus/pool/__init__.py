"""Instances: made, lent, cleaned, replaced.

linked.py      one module loaded and linked for one thread
image.py       a snapshot's memory as a file that instances map
mapping.py     puts an instance's memory back at the price of what was written
instance.py    `WasmInstance`: an instance with a state and a way back to its snapshot
shelf.py       what one thread has
budget.py      how many instances there may be and how much memory, and who makes way
suspended.py   what is in the middle of a suspended execution
pool.py        `InstancePool`: per-thread shelves under that budget
warming.py     instances ready on the threads that will serve
"""

from nexus.pool.instance import WasmInstance
from nexus.pool.pool import InstancePool
from nexus.pool.warming import spread, warm_threads

__all__ = [
    "InstancePool",
    "WasmInstance",
    "spread",
    "warm_threads",
]
