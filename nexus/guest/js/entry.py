"""Where the host enters a JavaScript guest: what set-up leaves behind, beside the snapshot."""

from __future__ import annotations

from typing import NamedTuple

from nexus.guest.js.interpreter import Addresses


class Entry(NamedTuple):
    """Addresses, then functions of `bootstrap.js` as values; travels as a tuple of integers."""

    runtime: int
    context: int
    scratch: int
    respond: int
    evaluate: int
    result: int
    value: int
    wake: int

    def addresses(self) -> Addresses:
        return Addresses(self.runtime, self.context, self.scratch)


FUNCTIONS = Entry._fields[3:]
"""of `bootstrap.js`, by name"""
