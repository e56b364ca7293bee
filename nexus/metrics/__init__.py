"""Prometheus metrics of the data path; prometheus_client's multiprocess mode adds workers up.

prometheus.py     `PathMetrics`: every metric, counted by `record`, written by `flush`
tally.py          the plain sums in between
distribution.py   histograms that take many observations at once
flusher.py        the thread that flushes
derived.py        figures worked out at each scrape
workers.py        what gunicorn's master counts
"""

from nexus.metrics.flusher import Flusher
from nexus.metrics.prometheus import PathMetrics

__all__ = ["Flusher", "PathMetrics"]
