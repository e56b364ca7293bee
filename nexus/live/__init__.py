"""What happens now, for people: the last log records, requests and errors of all workers of a pod.

live.py      `Live`: one worker's part, and the way to the others'
records.py   keeps the last log records and requests of one worker
failures.py  keeps the last runs that failed
cursor.py    how far a reader has read, in each worker
"""

from nexus.live.cursor import Cursor
from nexus.live.live import Live

__all__ = ["Cursor", "Live"]
