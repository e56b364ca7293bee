"""Executions that stop in the middle, and go on when somebody answers what they asked.

extensions.py   who answers at once
ids.py          names nobody can guess, which say whose they are
book.py         what is suspended now: one winner for each, its own deadline
threads.py      threads that suspended guests stay on
place.py        what a run takes from others while it executes
parked.py       one such run, between its own thread and those who wait for it
stored.py       one that needs no thread of its own, since its guest comes back to the host to wait
peers.py        the other workers of the pod, over Unix sockets
suspensions.py  `Suspensions`: all of it together
"""

from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions
from nexus.suspension.ids import SuspensionIds
from nexus.suspension.suspensions import Suspensions

__all__ = ["Extensions", "SuspensionBook", "SuspensionIds", "Suspensions"]
