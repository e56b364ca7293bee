"""The pool of instances: makes, lends, resets and replaces them.

linked.py      one module loaded and linked for one thread
image.py       a snapshot's memory as a file that instances map
mapping.py      resets an instance's memory by copying only the pages written
faults.py       tells whether any page was written for the first time
verify.py      compares an instance with its snapshot, for the setting `verify_resets`
instance.py    `WasmInstance`: an instance with a state and a way back to its snapshot
shelf.py        one thread's modules and idle instances
budget.py       how many instances and how much memory the pool may have, and which are evicted
suspended.py    instances in the middle of a suspended execution
scratch.py      counts the scratch space of runs as memory of the pool
pool.py        `InstancePool`: per-thread shelves under that budget
warming.py      makes idle instances on the threads that will serve
"""

from nexus.pool.instance import WasmInstance
from nexus.pool.mapping import reset_way
from nexus.pool.pool import InstancePool
from nexus.pool.warming import WarmedThreads, spread, warm_threads

__all__ = [
    "InstancePool",
    "WarmedThreads",
    "WasmInstance",
    "reset_way",
    "spread",
    "warm_threads",
]
