"""Plugins: which there are, what each one adds. Built-ins come in by the same hooks.

candidates.py   entry points of group `nexus`, and which of them are turned off
check.py        loads one, and says what is wrong with it
plugins.py      `Plugins`: calls the hooks, and checks what they return
offers.py       what a hook may return
timed.py        start and stop hooks, with an end
builtin.py      what comes with Nexus
"""

from nexus.plugins.candidates import DISABLED_VARIABLE, Candidate
from nexus.plugins.check import Found
from nexus.plugins.plugins import Plugins, load_plugins, survey

__all__ = [
    "DISABLED_VARIABLE",
    "Candidate",
    "Found",
    "Plugins",
    "load_plugins",
    "survey",
]
