"""`python -m tests.deploy.dashboard FILE.png [--seconds N]`: draws Grafana's panels from real data.

Debian's Prometheus scrapes a pod of the profile edge, in a cgroup and under load; the panels' own
queries give the curves. It needs `prometheus` on PATH, matplotlib, root and cgroups of version 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.deploy.facts import Facts
from tests.deploy.live import prepare
from tests.deploy.pod import JAVASCRIPT, Load, handlers, pod
from tests.deploy.render import DEPLOY, render
from tests.e2e.conftest import free_port, until

DASHBOARD = DEPLOY / "components/grafana/nexus.json"
PROFILE = "edge"
SCRAPE_S = 1
TOKEN = "dashboard"
SHOP = """export default {
  async fetch(request, env) {
    await env.KV.increment("requests");
    return fetch("http://127.0.0.1:%d/healthz");
  },
  scheduled() {},
};
"""
MANIFEST = """http = ["http://127.0.0.1:%d"]
kv = ["self:rw"]
schedule = ["* * * * *"]
"""
"""A handler for the panels that others leave empty: it uses the store, a server and a schedule."""


@contextmanager
def prometheus(folder: Path, target: int, port: int) -> Iterator[str]:
    """Run Prometheus, which scrapes the management port *target*; yield its address."""
    labels = {"namespace": "nexus-runtime", "pod": f"{PROFILE}-0"}
    scrape = {
        "job_name": "nexus",
        "scrape_interval": f"{SCRAPE_S}s",
        "static_configs": [{"targets": [f"127.0.0.1:{target}"], "labels": labels}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [scrape]}))
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with open(folder / "prometheus.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/api/v1"
    finally:
        process.terminate()
        process.wait(30)


def write_shop(folder: Path, management: int) -> str:
    """Write the handler `shop`, which asks the management port; return its name."""
    (folder / "shop.js").write_text(SHOP % management)
    (folder / "shop.toml").write_text(MANIFEST % management)
    return "shop"


def deploy(name: str, source: str, management: int) -> str:
    """Deploy a version of *name*; return that name."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/javascript"}
    url = f"http://127.0.0.1:{management}/v1/handlers/{name}"
    request = urllib.request.Request(url, source.encode(), headers, method="PUT")
    urllib.request.urlopen(request, timeout=60).close()
    return name


def ask(address: str, path: str, **parameters: object) -> list[dict[str, Any]]:
    """Return the series of an answer; none while Prometheus starts."""
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{address}/{path}?{query}", timeout=30) as answer:
            return list(json.load(answer)["data"]["result"])
    except OSError:
        return []


def legend(form: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form


def draw(axes: Axes, panel: dict[str, Any], address: str, began: float) -> int:
    """Draw one panel; return how many curves it has."""
    curves = 0
    for target in panel["targets"]:
        expression = target["expr"].replace("$namespace", "nexus-runtime")
        for series in ask(
            address, "query_range", query=expression, start=began, end=time.time(), step=2
        ):
            times = [float(at) - began for at, _ in series["values"]]
            values = [float(value) for _, value in series["values"]]
            label = legend(target["legendFormat"], series["metric"])
            axes.plot(times, values, lw=1.2, label=label)
            curves += 1
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    axes.set_title(f"{panel['title']} ({unit})", fontsize=9)
    axes.legend(fontsize=6, loc="upper left")
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)
    return curves


def main() -> None:
    """Run, draw, and fail if a panel has no curve."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.dashboard")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=90.0)
    chosen = parser.parse_args()
    panels = json.loads(DASHBOARD.read_text())["panels"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "handlers")
        folder.mkdir()
        names, cache = handlers(folder, ["wasm", "js"]), Path(name, "cache")
        prepare(PROFILE, folder, cache)
        ports = free_port(), free_port()
        names.append(write_shop(folder, ports[1]))
        facts = Facts(render(f"overlays/cpu-{PROFILE}"))
        facts.environ["NEXUS_ADMIN_TOKEN"] = TOKEN
        with (
            pod(facts, folder, cache, ports) as running,
            prometheus(Path(name), ports[1], free_port()) as address,
        ):
            assert running.ready_s() is not None, running.log.read_text()
            names.append(deploy("deployed", JAVASCRIPT, ports[1]))
            until(lambda: bool(ask(address, "query", query="nexus_cpu_quota_cores")))
            began = time.time()
            # More clients than places, so that some requests wait.
            Load(running, names).run(12, chosen.seconds)
            figure = Figure(figsize=(9, 2 * len(panels) // 2 + 1), dpi=90, layout="constrained")
            for axes, panel in zip(
                figure.subplots(-(-len(panels) // 2), 2).flat, panels, strict=False
            ):
                assert draw(axes, panel, address, began) > 0, f"{panel['title']}: no data"
            figure.savefig(chosen.file)


if __name__ == "__main__":
    main()
