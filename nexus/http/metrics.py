"""`/metrics`: prometheus-flask-exporter's endpoint, over all workers, brought up to date first."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics

from nexus.metrics.derived import WithDerived
from nexus.pod.collector import CpuCollector


def add_metrics(app: Flask, registry: CollectorRegistry, flush: Callable[[], None]) -> None:
    """Add `/metrics` to *app*. *registry* has this process's metrics; where workers share a
    folder, that is read instead. *flush* is called before each scrape."""
    multiprocess = _multiprocess()

    def collected() -> CollectorRegistry:
        flush()
        found = CollectorRegistry()
        if multiprocess:
            files = CollectorRegistry()
            MultiProcessCollector(files)  # type: ignore[no-untyped-call]
            found.register(WithDerived(files))
        else:
            found.register(WithDerived(registry))
        found.register(CpuCollector())  # here, so that it is read once, not once a worker
        return found

    if multiprocess:
        # A registry of its own for the exporter: it only reads files, and ours in it would count
        # everything twice.
        _OfAllWorkers(collected, app, registry=CollectorRegistry(), group_by="endpoint")
    else:
        _OfThisProcess(collected, app, registry=registry, group_by="endpoint")


class _Collected:
    """For the exporter's classes: what *collected* makes, anew for each scrape."""

    def __init__(
        self, collected: Callable[[], CollectorRegistry], app: Flask, **options: Any
    ) -> None:
        self._collected = collected
        super().__init__(app, **options)  # type: ignore[call-arg]  # the exporter's

    def generate_metrics(
        self, accept_header: str | None = None, names: list[str] | None = None
    ) -> tuple[str, str]:
        found: Any = self._collected()
        encode, content_type = choose_encoder(accept_header or "")
        content = encode(found.restricted_registry(names) if names else found)
        return content.decode(), content_type


class _OfThisProcess(_Collected, PrometheusMetrics):  # type: ignore[misc]
    """Where there is one process."""


class _OfAllWorkers(_Collected, GunicornInternalPrometheusMetrics):  # type: ignore[misc]
    """Where workers share a folder."""


def _multiprocess() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ
