"""Estimates long work before it begins, and stops runs that have no time for it.

Work inside the library takes CPU time of the request, but no checkpoint interrupts it.
"""

from __future__ import annotations

import time
from functools import lru_cache

from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from nexus.errors import CpuLimit
from nexus.guest.js.webcrypto.failure import OPERATION, Failure
from nexus.guest.js.webcrypto.signing import HASHES
from nexus.plugin_api.guest import Run

_TRIAL_ROUNDS = 1000  # half a millisecond


def require_time(run: Run, needed_s: float, what: str) -> None:
    """Stop *run* if *what* would take longer than the run may still last.

    Raises: Failure if it does; the guest ends at its next checkpoint.
    """
    left_s = min(run.deadline - time.monotonic(), run.limits.cpu_timeout_s)
    if needed_s <= left_s:
        return
    run.stop(CpuLimit(f"{what} needs about {needed_s:.1f} s of CPU; left are {left_s:.1f} s"))
    raise Failure(OPERATION, "the request has no time left for it")


@lru_cache(maxsize=8)
def round_s(hash_name: str) -> float:
    """Return the seconds that one round of PBKDF2 takes on this machine."""
    best = 1.0
    for _ in range(3):
        began = time.thread_time()
        PBKDF2HMAC(HASHES[hash_name](), 16, b"salt", _TRIAL_ROUNDS).derive(b"")
        best = min(best, time.thread_time() - began)
    return best / _TRIAL_ROUNDS
