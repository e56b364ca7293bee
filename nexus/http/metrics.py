"""`/metrics`: prometheus-flask-exporter's endpoint, over all workers, brought up to date first."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from pathlib import Path
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics
from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics

from nexus.http.series import known_series
from nexus.metrics.dead import all_figures
from nexus.metrics.derived import WithDerived
from nexus.metrics.zeros import WithZeros
from nexus.pod.collector import CpuCollector
from nexus.service import Service


def add_metrics(app: Flask, registry: CollectorRegistry, service: Service) -> None:
    """Add `/metrics` to *app*. *registry* has this process's metrics; where workers share a
    folder, that is read instead. The metrics of *service* are flushed before each scrape."""
    folder = _multiprocess_folder()

    def collected() -> Collector:
        service.flush_metrics()
        figures: Collector = registry
        if folder is not None:
            figures = CollectorRegistry()
            MultiProcessCollector(figures)  # type: ignore[no-untyped-call]
        found = CollectorRegistry()
        found.register(WithDerived(WithZeros(figures, lambda: known_series(service))))
        found.register(CpuCollector())  # here, so that it is read once, not once a worker
        return found

    if folder is not None:
        # A registry of its own for the exporter: it only reads files, and ours in it would count
        # everything twice.
        options = {"registry": CollectorRegistry(), "group_by": "endpoint"}
        _OfAllWorkers(collected, lambda: all_figures(folder), app, **options)
    else:
        _OfThisProcess(collected, nullcontext, app, registry=registry, group_by="endpoint")


class _Collected:
    """For the exporter's classes: what *collected* makes, anew for each scrape."""

    def __init__(
        self,
        collected: Callable[[], Collector],
        held: Callable[[], AbstractContextManager[None]],
        app: Flask,
        **options: Any,
    ) -> None:
        """*held* is entered while figures are collected, so that none are moved meanwhile."""
        self._collected, self._held = collected, held
        super().__init__(app, **options)  # type: ignore[call-arg]  # the exporter's

    def generate_metrics(
        self, accept_header: str | None = None, names: list[str] | None = None
    ) -> tuple[str, str]:
        encode, content_type = choose_encoder(accept_header or "")
        with self._held():
            found: Any = self._collected()
            content = encode(_Named(found, names) if names else found)
        return content.decode(), content_type


class _OfThisProcess(_Collected, PrometheusMetrics):  # type: ignore[misc]
    """Where there is one process."""


class _OfAllWorkers(_Collected, GunicornInternalPrometheusMetrics):  # type: ignore[misc]
    """Where workers share a folder."""


class _Named(Collector):
    """The metrics of another collector that a scrape asks for by `name[]`: each one's own name
    or a sample's. prometheus_client finds only collectors that describe themselves."""

    def __init__(self, collector: Collector, names: Collection[str]) -> None:
        self._collector, self._names = collector, frozenset(names)

    def collect(self) -> Iterator[Metric]:
        for family in self._collector.collect():
            if family.name in self._names:
                yield family
                continue
            samples = [sample for sample in family.samples if sample.name in self._names]
            if samples:
                part = copy(family)  # others may look at the whole one
                part.samples = samples
                yield part


def _multiprocess_folder() -> Path | None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return None if folder is None else Path(folder)
