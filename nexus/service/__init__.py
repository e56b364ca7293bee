"""Joins the concrete parts of one worker.

service.py   `Service`: starts and stops them, in mirrored order
build.py     makes them from settings and plugins
handlers.py  what serves handlers: loads, warms, keeps
observe.py   what is counted and logged when a run has ended
policy.py    the scheduling policy that the settings ask for
choices.py   checks of settings that depend on what plugins offer
host.py      what plugins may ask
"""

from nexus.service.service import Service

__all__ = ["Service"]
