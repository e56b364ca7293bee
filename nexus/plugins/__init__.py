"""Plugins: finds, loads and calls them. Built-in ones use the same hooks.

candidates.py   entry points of group `nexus`, and which of them are turned off
check.py        loads a plugin, and describes what is wrong with it
survey.py       loads them all, and marks those that cannot be used
plugins.py      `Plugins`: one method for each hook
calling.py      calls the hooks one by one, and checks what they return
offers.py       checks what a hook returned
fence.py        errors of what a plugin's factory made name the plugin
timed.py        start and stop hooks, with a time limit
builtin.py      the plugins that come with Nexus
"""

from nexus.plugins.candidates import DISABLED_VARIABLE, Candidate
from nexus.plugins.check import Found
from nexus.plugins.plugins import Plugins, load_plugins
from nexus.plugins.survey import survey

__all__ = [
    "DISABLED_VARIABLE",
    "Candidate",
    "Found",
    "Plugins",
    "load_plugins",
    "survey",
]
