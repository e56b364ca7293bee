"""Where the host enters a JavaScript guest: what set-up leaves behind, beside the snapshot."""

from __future__ import annotations

from typing import NamedTuple

from nexus.guest.js.interpreter import Addresses


class Entry(NamedTuple):
    """Addresses, the script if the handler is one, then functions of `bootstrap.js`; the latter as
    JavaScript values. Travels as a tuple of integers."""

    runtime: int
    context: int
    scratch: int
    script: int
    """bytecode, which runs for each context; `UNDEFINED` where the handler is a module"""
    respond: int
    evaluate: int
    result: int
    value: int
    wake: int
    answered: int
    follow: int

    def addresses(self) -> Addresses:
        return Addresses(self.runtime, self.context, self.scratch)


FUNCTIONS = Entry._fields[4:]
"""of `bootstrap.js`, by name"""
