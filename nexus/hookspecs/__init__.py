"""What a plugin can add to Nexus: one hook, one file; its docstring is the contract.

A plugin is a module (or an object) with functions of these names, marked `@hookimpl`, and an entry
point in group `nexus`. Hooks build objects at start-up and are never called for a request: what
they return is kept and called directly.

What holds for all hooks:

- None, or an empty collection, means "nothing from me".
- Arguments are passed by name; a hook may leave out those it does not need.
- What raises stops the start with the plugin's name, its distribution and the reason; a
  `ConfigError` in its own words. `nexus_started` and `nexus_stopping` come too late for that: they
  say what raising does there.
"""

from nexus.hookspecs.blueprints import nexus_blueprints
from nexus.hookspecs.config_sources import nexus_config_sources
from nexus.hookspecs.engines import nexus_engines
from nexus.hookspecs.host_functions import nexus_host_functions
from nexus.hookspecs.markers import PROJECT, hookimpl, hookspec
from nexus.hookspecs.metrics_sinks import nexus_metrics_sinks
from nexus.hookspecs.request_filters import nexus_request_filters
from nexus.hookspecs.scheduling_policies import nexus_scheduling_policies
from nexus.hookspecs.started import nexus_started
from nexus.hookspecs.stopping import nexus_stopping

__all__ = [
    "PROJECT",
    "hookimpl",
    "hookspec",
    "nexus_blueprints",
    "nexus_config_sources",
    "nexus_engines",
    "nexus_host_functions",
    "nexus_metrics_sinks",
    "nexus_request_filters",
    "nexus_scheduling_policies",
    "nexus_started",
    "nexus_stopping",
]
