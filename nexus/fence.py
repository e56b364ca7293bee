"""Code from outside, such as a plugin's, may raise anything: `sys.exit()` in it must not end us."""

from __future__ import annotations

import threading


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is somebody's Ctrl-C, which must go on: where outside code is called,
    everything else that it raises is its own fault, SystemExit and CancelledError too."""
    return isinstance(error, KeyboardInterrupt) and on_main_thread()


def on_main_thread() -> bool:
    """Return whether this is the thread on which signals arrive."""
    return threading.current_thread() is threading.main_thread()
