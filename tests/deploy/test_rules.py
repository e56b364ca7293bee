"""The PrometheusRule, as Prometheus itself reads it and as it fires."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.render import DEPLOY
from tests.deploy.test_components import unknown_metrics

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
    assert "11 rules found" in promtool("check", "rules", str(rules))


POD = 'namespace="nexus-runtime", pod="a"'
RUNS = 'namespace="nexus-runtime", handler="h"'
FINE = 'namespace="nexus-runtime", handler="g"'


def alerts(name: str, at: str, *labels: dict[str, str]) -> dict:
    expected = [{"exp_labels": found} for found in labels]
    return {"eval_time": at, "alertname": name, "exp_alerts": expected}


SERIES = {
    # Half of the periods throttled, all the time.
    f"nexus_cpu_periods_total{{{POD}}}": "0+600x60",
    f"nexus_cpu_throttled_periods_total{{{POD}}}": "0+300x60",
    # A pod without a quota counts no periods: no division by zero.
    'nexus_cpu_periods_total{namespace="nexus-runtime", pod="b"}': "0x60",
    'nexus_cpu_throttled_periods_total{namespace="nexus-runtime", pod="b"}': "0x60",
    # One run in ten times out.
    f'nexus_handler_executions_total{{{RUNS}, status="ok"}}': "0+90x60",
    f'nexus_handler_executions_total{{{RUNS}, status="timeout"}}': "0+10x60",
    # One in a hundred of another handler.
    f'nexus_handler_executions_total{{{FINE}, status="ok"}}': "0+99x60",
    f'nexus_handler_executions_total{{{FINE}, status="cpu_limit"}}': "0+1x60",
    # Two refusals a second from minute 30 on.
    f'nexus_rejected_total{{{POD}, reason="overloaded"}}': "0x30 120+120x30",
    f'nexus_workers_replaced_total{{{POD}, reason="stuck"}}': "0x40 1x20",
}


@needs_promtool
def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    spec = yaml.safe_load(RULE.read_text())["spec"]
    for rule in (rule for group in spec["groups"] for rule in group["rules"]):
        rule.pop("annotations", None)  # their words are not what is tested here
    rules = written(tmp_path, spec)
    warning, place = {"severity": "warning"}, {"namespace": "nexus-runtime"}
    timeouts = {**warning, **place, "handler": "h"}
    replaced = {"severity": "critical", **place, "pod": "a"}
    expected = [
        alerts("NexusCpuThrottled", "5m"),
        alerts("NexusCpuThrottled", "20m", {**warning, **place, "pod": "a"}),
        alerts("NexusHandlerTimeouts", "20m", timeouts),
        alerts("NexusPoolExhausted", "29m"),
        alerts("NexusPoolExhausted", "45m", {**warning, **place}),
        alerts("NexusWorkerReplaced", "39m"),
        alerts("NexusWorkerReplaced", "42m", replaced),
    ]
    test = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in SERIES.items()],
                "alert_rule_test": expected,
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", str(tmp_path / "test.yaml"))
