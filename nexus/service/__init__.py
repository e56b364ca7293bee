"""Builds, starts and stops the parts of one worker.

service.py   `Service`: starts and stops them, in mirrored order
build.py     makes them from settings and plugins
handlers.py  loads the folder, and keeps instances for its handlers
changes.py   logs which handlers changed
observe.py   counts and logs each run that has ended
observers.py plugins that see what one run asks of other services
other_runs.py  shows plugins the runs that no HTTP request begins
scheduled.py joins schedules with store and threads; counts and logs their runs
shared_artifacts.py  joins the artifact cache with the store, where pods share compiled code
policy.py    makes the scheduling policy from the settings
choices.py   checks of settings that depend on what plugins offer
host.py      the worker, as plugins see it
"""

from nexus.service.service import Service

__all__ = ["Service"]
