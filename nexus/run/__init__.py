"""One run of a guest: its path to an instance, its limits, and how it ends.

dispatch.py      the data path on one screen: admit, watch, acquire, execute, give back
execution.py     `Execution`: a run's budget, what it used, and why it stopped
aside.py         what a run leaves to others while it waits for the network
perform.py       makes a guest do a task
timer.py         measures a run, and formats its metrics for results
slices.py        how much fuel a guest gets until its next checkpoint
depth.py         how deep a guest may go on the calling thread
native_stack.py  how much of the thread's stack is left for guests
watchdog.py      one thread with a heap of deadlines: cancels late runs
cpu.py           `CpuControl`: how one run shares the CPU with others
account.py       one execution's use of lane and share
lane.py          where long executions take turns, by their handlers' weights
shares.py        each handler's weight and CPU limit
bucket.py        a handler's limit: a token bucket over CPU time
results.py       how an execution with a JSON context ended, as JSON
"""

from nexus.run.execution import Execution, ExtensionCaller, no_answer
from nexus.run.timer import ExecutionTimer

__all__ = ["Execution", "ExecutionTimer", "ExtensionCaller", "no_answer"]
