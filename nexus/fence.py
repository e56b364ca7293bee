"""Tells errors of outside code, such as a plugin's `sys.exit()`, from a user's Ctrl-C."""

from __future__ import annotations

import threading


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is a user's Ctrl-C, which the caller must raise again. Anything else
    that outside code raises is a fault of that code, SystemExit and CancelledError too: it must not
    end this process."""
    return isinstance(error, KeyboardInterrupt) and on_main_thread()


def on_main_thread() -> bool:
    """Return whether this is the thread on which signals arrive."""
    return threading.current_thread() is threading.main_thread()
