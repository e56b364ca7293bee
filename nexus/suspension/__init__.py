"""Executions that stop in the middle, and go on when somebody answers what they asked.

suspensions.py  `Suspensions`: all of it together
extensions.py   extensions that answer at once
ids.py          ids that cannot be guessed, which name their worker
book.py         what is suspended now: one winner for each, its own deadline
stored.py       a run that needs no thread: its guest comes back to the host to wait
parked.py       a run that waits inside its guest, between its own thread and its callers
threads.py      threads that suspended guests stay on
place.py        what a run takes from others while it executes
peers.py        the other workers of the pod, over Unix sockets
wire.py         messages between workers
"""

from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions
from nexus.suspension.ids import SuspensionIds
from nexus.suspension.suspensions import Suspensions

__all__ = ["Extensions", "SuspensionBook", "SuspensionIds", "Suspensions"]
