"""The stop reason of a guest that called `proc_exit`."""

from __future__ import annotations

from nexus.errors import NexusError


class GuestExit(NexusError):
    """Not an error: the stop reason of a guest that exited by itself.

    Nothing raises through a guest, so `proc_exit` stops the run with this reason and `perform`
    turns the reason back into the exit code. It never leaves `perform`.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"the guest exited with code {exit_code}")
        self.exit_code = exit_code
