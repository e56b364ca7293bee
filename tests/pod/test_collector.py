from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from nexus.pod.collector import CpuCollector
from tests.pod.machine import machine, v2_machine


def scrape(root: Path) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(CpuCollector(root))
    lines = generate_latest(registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_all_figures(tmp_path: Path) -> None:
    files = {
        "app/cpu.max": "50000 100000",
        "app/cpu.stat": "nr_periods 21\nnr_throttled 20\nthrottled_usec 1250000\n",
        "app/cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=3000000\n",
    }
    assert scrape(v2_machine(tmp_path, "/app", files)) == {
        "nexus_cpu_quota_cores": 0.5,
        "nexus_cpu_periods_total": 21,
        "nexus_cpu_throttled_periods_total": 20,
        "nexus_cpu_throttled_seconds_total": 1.25,
        'nexus_cpu_pressure_seconds_total{scope="group"}': 3.0,
    }


def test_what_is_not_kept_is_left_out(tmp_path: Path) -> None:
    assert list(scrape(machine(tmp_path, {}))) == ["nexus_cpu_quota_cores"]
