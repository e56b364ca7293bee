"""Schedules: handlers are called at times their manifest names, once over all workers and pods.

cron.py       the manifest's `schedule`: entries and their due times
ledger.py     what all workers know by the key-value store: the last due time, and who runs
entry.py      one schedule in one worker: which due times it must see to
call.py       one call of a handler: its request, another try while the queue is full, its outcome
schedules.py  the thread that waits for due times
"""

from nexus.schedules.call import OK, OUTCOMES, Call, check, request_for
from nexus.schedules.cron import read_entry
from nexus.schedules.ledger import Ledger
from nexus.schedules.schedules import Schedules

__all__ = ["OK", "OUTCOMES", "Call", "Ledger", "Schedules", "check", "read_entry", "request_for"]
