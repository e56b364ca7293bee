"""All hostile cases, and the one handler that means no harm."""

from __future__ import annotations

from . import bombs, host, loops, refusals, responses, stack, wasi
from .case import HEAD, OK, Case, writing

CASES = [
    *loops.CASES,
    *stack.CASES,
    *bombs.CASES,
    *refusals.CASES,
    *wasi.CASES,
    *host.CASES,
    *responses.CASES,
]
INNOCENT = Case("innocent", writing(HEAD + b"still here"), OK)
