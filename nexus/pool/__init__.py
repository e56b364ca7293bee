"""Instances: made, lent, cleaned, replaced.

execution.py   one run of a guest: its budget, and why it stopped
slices.py      how much fuel it gets until its next checkpoint
linked.py      one module loaded and linked for one thread
instance.py    `WasmInstance`: an instance with a state and a way back to its snapshot
shelf.py       what one thread has
budget.py      how many instances there may be and how much memory, and who makes way
suspended.py   what is in the middle of a suspended execution
pool.py        `InstancePool`: per-thread shelves under that budget
warming.py     instances ready on the threads that will serve
"""

from nexus.pool.execution import Execution, ExecutionTimer, ExtensionCaller, no_answer
from nexus.pool.instance import WasmInstance
from nexus.pool.pool import InstancePool
from nexus.pool.warming import spread, warm_threads

__all__ = [
    "Execution",
    "ExecutionTimer",
    "ExtensionCaller",
    "InstancePool",
    "WasmInstance",
    "no_answer",
    "spread",
    "warm_threads",
]
