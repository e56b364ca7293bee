"""The PrometheusRule, as Prometheus itself reads it and as it fires."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from nexus.http import create_management_app
from tests.deploy.render import DEPLOY, ROOT
from tests.deploy.test_components import unknown_metrics
from tests.http.conftest import make_service
from tests.wat import prints

RULE = DEPLOY / "components/prometheus-operator/prometheusrule.yaml"
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool: apt-get install prometheus"
)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rules as Prometheus takes them: the object's spec."""
    spec = yaml.safe_load(RULE.read_text())["spec"]
    return written(tmp_path, spec)


def written(tmp_path: Path, spec: dict) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(spec))
    return path


def promtool(*arguments: str) -> str:
    done = subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_ask_for_metrics_there_are() -> None:
    groups = yaml.safe_load(RULE.read_text())["spec"]["groups"]
    assert unknown_metrics([rule["expr"] for group in groups for rule in group["rules"]]) == set()


def test_alerts_say_what_to_do() -> None:
    groups = yaml.safe_load(RULE.read_text())["spec"]["groups"]
    for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in ("warning", "critical")


@needs_promtool
def test_promtool_takes_the_rules(rules: Path) -> None:
    assert "15 rules found" in promtool("check", "rules", str(rules))


WARNING = {"severity": "warning", "namespace": "nexus-runtime"}
FRESH = "0x60"
POD = {"namespace": "nexus-runtime", "pod": "a"}
Series = dict[tuple[str, frozenset[tuple[str, str]]], str]


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset({**POD, **labels}.items())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Series:
    """What Prometheus gets of a pod that has served nothing yet, each figure as it is for an hour.

    Counters that are missing there would lose their first event: `rate` needs a point before it.
    """
    folder = tmp_path_factory.mktemp("handlers")
    for name in ("h", "g"):
        (folder / f"{name}.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (folder / "h.toml").write_text('kv = ["self:rw"]\nschedule = ["0 0 1 1 *"]')
    (folder / "key").write_text("k" * 32)
    registry = CollectorRegistry()
    service = make_service(folder, registry, NEXUS_ARTIFACT_KEY_FILE=str(folder / "key"))
    service.start_with(folder)
    app = create_management_app(service, registry)
    text = app.test_client().get("/metrics").text
    service.stop(grace_s=5.0)
    return {
        key(sample.name, **sample.labels): f"{sample.value:g}x60"
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("nexus_")
    }


def alerts(name: str, at: str, *labels: dict[str, str]) -> dict:
    expected = [{"exp_labels": found} for found in labels]
    return {"eval_time": at, "alertname": name, "exp_alerts": expected}


def shown(series: Series) -> list[dict[str, str]]:
    def text(labels: frozenset[tuple[str, str]]) -> str:
        return ",".join(f'{name}="{value}"' for name, value in sorted(labels))

    return [{"series": f"{n}{{{text(labels)}}}", "values": v} for (n, labels), v in series.items()]


def check_alerts(tmp_path: Path, series: Series, *expected: dict) -> None:
    spec = yaml.safe_load(RULE.read_text())["spec"]
    for rule in (rule for group in spec["groups"] for rule in group["rules"]):
        rule.pop("annotations", None)  # their words are not what is tested here
    test = {
        "rule_files": [written(tmp_path, spec).name],
        "evaluation_interval": "1m",
        "tests": [
            {"interval": "1m", "input_series": shown(series), "alert_rule_test": [*expected]}
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", str(tmp_path / "test.yaml"))


def names() -> list[str]:
    groups = yaml.safe_load(RULE.read_text())["spec"]["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]


QUOTA = {
    # A pod whose quota is counted, and one without a quota: no division by zero there.
    key("nexus_cpu_periods_total"): "0+600x60",
    key("nexus_cpu_throttled_periods_total"): "0+300x60",
    key("nexus_cpu_periods_total", pod="b"): FRESH,
    key("nexus_cpu_throttled_periods_total", pod="b"): FRESH,
}
EVENTS: dict[str, tuple[Series, dict]] = {
    "NexusCpuThrottled": (QUOTA, alerts("NexusCpuThrottled", "20m", {**WARNING, "pod": "a"})),
    "NexusHandlerTimeouts": (
        {
            # One run in ten of one handler times out, one in a hundred of another.
            key("nexus_handler_executions_total", handler="h", status="ok"): "0+90x60",
            key("nexus_handler_executions_total", handler="h", status="timeout"): "0+10x60",
            key("nexus_handler_executions_total", handler="g", status="ok"): "0+99x60",
            key("nexus_handler_executions_total", handler="g", status="cpu_limit"): "0+1x60",
        },
        alerts("NexusHandlerTimeouts", "20m", {**WARNING, "handler": "h"}),
    ),
    "NexusPoolExhausted": (
        {key("nexus_rejected_total", reason="overloaded"): "0x10 120+120x50"},
        alerts("NexusPoolExhausted", "20m", WARNING),
    ),
    "NexusQueueing": (
        # Each request waits between half a second and a second.
        {key("nexus_queue_wait_seconds_bucket", le=le): "0+60x60" for le in ("1.0", "5.0", "+Inf")},
        alerts("NexusQueueing", "20m", WARNING),
    ),
    "NexusWorkerReplaced": (
        # The first one ever: the series must have been there before.
        {key("nexus_workers_replaced_total", reason="stuck"): "0x10 1x50"},
        alerts(
            "NexusWorkerReplaced",
            "15m",
            {"severity": "critical", "namespace": "nexus-runtime", "pod": "a"},
        ),
    ),
    "NexusVersionStoreAway": (
        {key("nexus_version_store_up"): "1x10 0x50"},
        alerts("NexusVersionStoreAway", "20m", {**WARNING, "pod": "a"}),
    ),
    "NexusStoreUnavailable": (
        {
            key(
                "nexus_kv_operations_total", handler="h", operation="get", outcome="unavailable"
            ): "0x10 1+1x50"
        },
        alerts("NexusStoreUnavailable", "20m", {**WARNING, "handler": "h"}),
    ),
    "NexusScheduleFailed": (
        {key("nexus_scheduled_runs_total", handler="h", outcome="missed"): "0x10 1x50"},
        alerts("NexusScheduleFailed", "20m", {**WARNING, "handler": "h"}),
    ),
    "NexusArtifactRefused": (
        {key("nexus_shared_artifacts_total", result="refused"): "0x10 1x50"},
        alerts(
            "NexusArtifactRefused",
            "20m",
            {"severity": "critical", "namespace": "nexus-runtime", "pod": "a"},
        ),
    ),
}


def test_every_alert_has_its_event_and_its_runbook() -> None:
    assert EVENTS.keys() == set(names())
    runbook = (ROOT / "docs/operations.md").read_text()
    assert [name for name in names() if f"| `{name}` |" not in runbook] == []


@needs_promtool
def test_a_fresh_pod_alerts_nobody(tmp_path: Path, fresh: Series) -> None:
    check_alerts(tmp_path, fresh, *(alerts(name, "59m") for name in names()))


@needs_promtool
@pytest.mark.parametrize("name", EVENTS)
def test_the_alert_fires_after_a_fresh_start(name: str, tmp_path: Path, fresh: Series) -> None:
    series, expected = EVENTS[name]
    missing = series.keys() - fresh.keys() - QUOTA.keys()
    assert missing == set(), "a fresh /metrics must have them at 0"
    others = [alerts(other, "20m") for other in names() if other != name]
    check_alerts(tmp_path, {**fresh, **series}, expected, *others, alerts(name, "1m"))
