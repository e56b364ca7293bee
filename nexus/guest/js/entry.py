"""Where the host enters a JavaScript guest; set-up returns it beside the snapshot."""

from __future__ import annotations

from typing import NamedTuple

from nexus.guest.js.interpreter import Addresses
from nexus.guest.js.source_maps.places import Translate, translator
from nexus.guest.js.structures.interruption import Interrupts
from nexus.model import Snapshot
from nexus.plugin_api.engine import EngineInstance
from nexus.plugin_api.guest import Run


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
    maps: int
    """address of the packed source maps, and their size; 0 and 0 without source maps"""
    maps_bytes: int
    interrupt_slot: int
    """this and the next two: the fields of `Interrupts`"""
    interrupt_handler_at: int
    interrupt_counter_at: int
    jobs: int
    """address of the list of jobs"""
    respond: int
    finish: int
    finishLater: int  # its name in `bootstrap.js`
    evaluate: int
    result: int
    value: int
    wake: int
    answered: int
    fetched: int
    follow: int
    rejected: int
    swept: int
    text: int

    def addresses(self) -> Addresses:
        return Addresses(self.runtime, self.context, self.scratch)

    def interrupt(self, instance: EngineInstance, run: Run, count: int) -> bool:
        """Let QuickJS in *instance* throw, if it can: see `Interrupts.arm`."""
        slot, handler_at = self.interrupt_slot, self.interrupt_handler_at
        return Interrupts(slot, handler_at, self.interrupt_counter_at).arm(instance, run, count)

    def translator(self, snapshot: Snapshot) -> Translate:
        """Return a function that applies the handler's source maps, which *snapshot* has."""
        return translator(snapshot.memory, self.maps, self.maps_bytes)


FUNCTIONS = Entry._fields[11:]
"""names of the functions of `bootstrap.js`"""
