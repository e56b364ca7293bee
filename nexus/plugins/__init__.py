"""Plugins: finds, loads and calls them. Built-in ones use the same hooks.

candidates.py   entry points of group `nexus`, and which of them are turned off
check.py        loads a plugin, and describes what is wrong with it
plugins.py      `Plugins`: calls the hooks, and checks what they return
offers.py       checks what a hook returned
timed.py        start and stop hooks, with a time limit
builtin.py      the plugins that come with Nexus
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
