"""One run of a guest: the way it takes, what it may use, and what ends it.

dispatch.py      the data path on one screen: admit, watch, acquire, execute, give back
execution.py     `Execution`: a run's budget, what it used, and why it stopped
perform.py       has a guest do a task
timer.py         what it took, and its metrics as results have them
slices.py        how much fuel a guest gets until its next checkpoint
depth.py         how deep a guest may go on the calling thread
native_stack.py  how much of the thread's stack is left for that
watchdog.py      one thread with a heap of deadlines: cancels what is late
cpu.py           `CpuControl`: how the CPU is shared out, as one run sees it
account.py       one execution's side of lane and share
lane.py          where long executions take turns, by their handlers' weights
shares.py        what each handler may have
bucket.py        a handler's limit: a token bucket over CPU time
results.py       how an execution with a JSON context ended, as JSON
"""

from nexus.run.execution import Execution, ExtensionCaller, no_answer
from nexus.run.timer import ExecutionTimer

__all__ = ["Execution", "ExecutionTimer", "ExtensionCaller", "no_answer"]
