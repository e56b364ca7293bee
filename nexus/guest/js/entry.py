"""Where the host enters a JavaScript guest; set-up returns it beside the snapshot."""

from __future__ import annotations

from typing import NamedTuple

from nexus.guest.js.interpreter import Addresses


class Entry(NamedTuple):
    """Addresses, the script if the handler is a script, then functions of `bootstrap.js`.

    Script and functions are JavaScript values. The entry is stored as a tuple of integers.
    """

    runtime: int
    context: int
    scratch: int
    script: int
    """bytecode, which runs once for each context; `UNDEFINED` if the handler is a module"""
    rejections: int
    """address of the list of unhandled rejections"""
    respond: int
    evaluate: int
    result: int
    value: int
    wake: int
    answered: int
    fetched: int
    follow: int
    rejected: int

    def addresses(self) -> Addresses:
        return Addresses(self.runtime, self.context, self.scratch)


FUNCTIONS = Entry._fields[5:]
"""names of the functions of `bootstrap.js`"""
