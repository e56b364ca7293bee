"""`/metrics` over all workers; prometheus-flask-exporter counts the requests that Flask answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics

from nexus.http.series import known_series
from nexus.metrics.dead import all_figures
from nexus.metrics.derived import WithDerived
from nexus.metrics.figures import NAMES, VERSION_NAMES, Totals, totals
from nexus.metrics.zeros import WithZeros
from nexus.pod.collector import CpuCollector
from nexus.service import Service


def count_requests(app: Flask, registry: CollectorRegistry) -> PrometheusMetrics:
    """Count the requests that Flask answers; return the counter, for `add_metrics`."""
    # With a folder the exporter's counters write there; in *registry* they would count twice.
    own = registry if _multiprocess_folder() is None else CollectorRegistry()
    return PrometheusMetrics(app, path=None, registry=own, group_by="endpoint")


def add_metrics(
    app: Flask,
    registry: CollectorRegistry,
    service: Service,
    exporter: PrometheusMetrics | None = None,
) -> None:
    """Add `/metrics` to *app*, a scrape of which *exporter* does not count.

    *registry* has this process's metrics; where workers share a folder, a scrape reads that
    instead. The metrics of *service* are flushed before each scrape.
    """
    folder = _multiprocess_folder()
    held = nullcontext if folder is None else partial(all_figures, folder)

    def prometheus_metrics() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        names = request.args.getlist("name[]")
        with held():  # so that no figures are moved meanwhile
            found: Any = _collected(service, registry if folder is None else None)
            content = encode(_Named(found, names) if names else found)
        return Response(content, content_type=content_type)

    view = prometheus_metrics
    if exporter is not None:
        view = exporter.do_not_track()(view)
    app.add_url_rule("/metrics", view_func=view)


def handler_totals(service: Service, registry: CollectorRegistry) -> dict[str, Totals]:
    """Return the totals of each handler and of versions that share one, over all workers; see
    `add_metrics` for *registry*."""
    folder = _multiprocess_folder()
    with nullcontext() if folder is None else all_figures(folder):
        found = _collected(service, registry if folder is None else None)
        named = _Named(found, (*NAMES, *VERSION_NAMES))
        return totals(named.collect(), versions=True)


def _collected(service: Service, registry: CollectorRegistry | None) -> Collector:
    """Return what a scrape shows: the figures of *registry*, or else those of all workers, with
    those derived from them and the CPU's."""
    service.flush_metrics()
    figures: Collector | None = registry
    if figures is None:
        figures = CollectorRegistry()
        MultiProcessCollector(figures)  # type: ignore[no-untyped-call]
    found = CollectorRegistry()
    found.register(WithDerived(WithZeros(figures, lambda: known_series(service))))
    found.register(CpuCollector())  # here, so that it is read once, not once a worker
    return found


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
