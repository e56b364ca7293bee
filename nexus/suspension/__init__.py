"""Executions that stop in the middle, and continue when a caller answers their question.

suspensions.py  `Suspensions`: starts, resumes and cancels them
answers.py      an answer to a guest's question, as a program gives it
extensions.py   extensions that answer at once
ids.py          unguessable ids, which name their worker
record.py       a suspended run with its open questions, as the book knows it
agenda.py       when to look after which suspended run
book.py         this worker's suspended runs: each question has a deadline and is answered once
sentences.py    what happened to questions and executions that are gone
kept.py         results, for callers who come back for them
parts.py        what all suspended runs of a worker share
stored.py       a suspended run without a thread: its guest is kept as an image
parked.py       a suspended run whose guest waits on its own thread
threads.py      threads that suspended guests stay on
place.py        a run's place in the queue and the watchdog, given back while parked
peers.py        the other workers of the pod, over Unix sockets
wire.py         messages between workers
"""

from nexus.suspension.book import SuspensionBook
from nexus.suspension.extensions import Extensions
from nexus.suspension.ids import SuspensionIds
from nexus.suspension.kept import KeptResults
from nexus.suspension.suspensions import Suspensions

__all__ = ["Extensions", "KeptResults", "SuspensionBook", "SuspensionIds", "Suspensions"]
