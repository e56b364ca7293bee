"""Prometheus metrics of the data path; prometheus_client's multiprocess mode adds workers up."""

from nexus.metrics.prometheus import PathMetrics

__all__ = ["PathMetrics"]
