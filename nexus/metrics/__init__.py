"""Prometheus metrics of the data path; prometheus_client's multiprocess mode adds up workers.

prometheus.py     `PathMetrics`: every metric, counted by `record`, written by `flush`
versions.py       which versions serve, and the runs of versions that share requests
current.py        a gauge whose series fall to 0 when their labels are gone
tally.py          plain sums between two flushes
distribution.py   histograms that take many observations at once
figures.py        figures of each handler for people: rates, times, CPU
flusher.py        the thread that flushes
derived.py        figures worked out at each scrape
counters.py       the counters that have labels
zeros.py          those that have not counted yet, at 0
value_file.py     prometheus_client's files: read, written, mapped
reserved.py       keeps them from ending the process on a full disk
dead.py           adds up those of dead workers
workers.py        what gunicorn's master counts
fan_out.py        several sinks as one; those of plugins cannot fail a request
plugin_errors.py  counts the errors of plugins
"""

from nexus.metrics.fan_out import FanOut
from nexus.metrics.flusher import Flusher
from nexus.metrics.plugin_errors import PluginErrors
from nexus.metrics.prometheus import PathMetrics

__all__ = ["FanOut", "Flusher", "PathMetrics", "PluginErrors"]
