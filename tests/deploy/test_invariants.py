"""Each invariant trips on a copy of a good target that was broken in one place."""

from __future__ import annotations

import copy
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.facts import Facts
from tests.deploy.quantity import quantity
from tests.deploy.references import ALL
from tests.deploy.render import Object, build_with, render
from tests.deploy.schemas import VERSIONS, validate

CHECKS = {check.__name__: check for check in ALL}


def copied() -> tuple[Object, ...]:
    return copy.deepcopy(render("environments/staging"))


@functools.cache
def with_component(name: str) -> tuple[Object, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return build_with(Path(folder), "environments/staging", name)


def find(objects: tuple[Object, ...], kind: str) -> Any:
    return Facts(objects).all(kind)[0]


def environ(name: str, value: str) -> Callable[[tuple[Object, ...]], None]:
    def change(objects: tuple[Object, ...]) -> None:
        Facts(objects).environ  # noqa: B018  there is one
        configs = [o for o in objects if o["kind"] == "ConfigMap" and "NEXUS_BIND" in o["data"]]
        configs[0]["data"][name] = value

    return change


def setting(kind: str, path: str, value: object) -> Callable[[tuple[Object, ...]], None]:
    """Set the value at a dotted *path* of the first object of *kind*."""

    def change(objects: tuple[Object, ...]) -> None:
        found = find(objects, kind)
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
        for part in parents:
            found = found[part]
        found[last] = value

    return change


POD = "spec.template.spec"
BOX = f"{POD}.containers.0"
HPA = "HorizontalPodAutoscaler"
IN_FLIGHT = [
    {
        "type": "Pods",
        "pods": {
            "metric": {"name": "nexus_in_flight"},
            "target": {"type": "AverageValue", "averageValue": "8"},
        },
    }
]

BROKEN = [
    ("memory_fits", setting("Deployment", f"{BOX}.resources.limits.memory", "400Mi")),
    ("memory_fits", setting("Deployment", f"{BOX}.resources.requests.memory", "256Mi")),
    ("memory_fits", environ("NEXUS_MEMORY_LIMIT_MB", "64")),
    ("memory_fits", environ("NEXUS_WORKERS", "2")),
    (
        "memory_fits",
        setting(
            "Deployment", f"{POD}.volumes.1.emptyDir", {"medium": "Memory", "sizeLimit": "128Mi"}
        ),
    ),
    ("grace_covers_drain", setting("Deployment", f"{POD}.terminationGracePeriodSeconds", 40)),
    ("grace_covers_drain", environ("TIMEOUT_MS", "60000")),
    (
        "busy_pod_at_most_doubles",
        setting(HPA, "spec.metrics.0.resource.target.averageValue", "70m"),
    ),
    (
        "busy_pod_at_most_doubles",
        setting(
            HPA,
            "spec.metrics.0.resource.target",
            {"type": "Utilization", "averageUtilization": 70},
        ),
    ),
    ("in_flight_target_is_reachable", setting(HPA, "spec.metrics", IN_FLIGHT)),
    ("bounds_are_in_order", setting(HPA, "spec.minReplicas", 0)),
    ("bounds_are_in_order", setting(HPA, "spec.maxReplicas", 1)),
    ("volumes_are_distinct", setting("Deployment", f"{POD}.volumes.0.configMap", {"name": "x"})),
    ("volumes_are_distinct", setting("Deployment", f"{BOX}.volumeMounts.0.mountPath", "/tmp")),
    ("drains_proceed", setting("PodDisruptionBudget", "spec.maxUnavailable", 0)),
    ("drains_proceed", setting("PodDisruptionBudget", "spec", {"selector": {}, "minAvailable": 2})),
    ("one_scaler_alone", setting("Deployment", "spec.replicas", 2)),
    ("one_scaler_alone", setting(HPA, "spec.scaleTargetRef.name", "other")),
    ("one_scaler_alone", setting(HPA, "kind", "Other")),
    ("environment_is_known", environ("NEXUS_MAX_INSTANZES", "8")),
    ("environment_is_known", environ("MAX_INSTANCES", "8")),
    ("environment_is_known", setting("Deployment", f"{BOX}.env", [{"name": "A", "value": "/tmp"}])),
    ("secrets_are_files", environ("NEXUS_ADMIN_TOKEN", "secret")),
    (
        "secrets_are_files",
        setting("Deployment", f"{BOX}.env", [{"name": "A", "valueFrom": {"secretKeyRef": {}}}]),
    ),
    ("secrets_are_files", setting("Deployment", f"{BOX}.env", [{"name": "A", "value": "/x/y"}])),
    (
        "ephemeral_storage_covers_volumes",
        setting("Deployment", f"{BOX}.resources.limits.ephemeral-storage", "512Mi"),
    ),
    ("images_are_pinned", setting("Deployment", f"{BOX}.image", "nexus-runtime:latest")),
    ("images_are_pinned", setting("Deployment", f"{BOX}.image", "nexus-runtime")),
    (
        "images_are_pinned",
        setting(
            "Deployment", f"{POD}.volumes.0", {"name": "x", "image": {"reference": "x:latest"}}
        ),
    ),
    ("images_are_pinned", setting("Deployment", f"{BOX}.image", "r.example.com/nexus-runtime:dev")),
    ("pod_is_confined", setting("Deployment", f"{BOX}.securityContext.capabilities", {})),
    ("pod_is_confined", setting("Deployment", f"{POD}.securityContext.runAsUser", 0)),
    ("pod_is_confined", setting("ServiceAccount", "automountServiceAccountToken", True)),
    ("pod_is_confined", environ("NEXUS_CACHE_DIR", "/home/cache")),
    (
        "paths_and_ports_exist",
        setting("Deployment", f"{BOX}.livenessProbe.httpGet.path", "/health"),
    ),
    ("paths_and_ports_exist", environ("NEXUS_BIND", "0.0.0.0:8080")),
    ("paths_and_ports_exist", environ("NEXUS_MANAGEMENT_BIND", "")),
    ("paths_and_ports_exist", setting("Deployment", f"{BOX}.livenessProbe.httpGet.port", "http")),
    ("paths_and_ports_exist", setting("ServiceMonitor", "spec.endpoints.0.port", "http")),
    ("paths_and_ports_exist", setting("Service", "spec.ports.0.targetPort", "web")),
    ("paths_and_ports_exist", setting("ServiceMonitor", "spec.endpoints.0.path", "/stats")),
    ("selectors_match", setting("Service", "spec.selector", {"app": "nexus"})),
    ("selectors_match", setting("ServiceMonitor", "spec.endpoints.0.port", "metrics")),
    ("selectors_match", setting("ServiceMonitor", "spec.selector.matchLabels", {"app": "other"})),
    ("references_exist", setting("Deployment", f"{POD}.serviceAccountName", "default")),
    ("references_exist", setting("PersistentVolumeClaim", "metadata.name", "other")),
    ("references_exist", setting("PrometheusRule", "metadata.namespace", "default")),
]


@pytest.mark.parametrize(("name", "change"), BROKEN, ids=[name for name, _ in BROKEN])
def test_trips(name: str, change: Callable[[tuple[Object, ...]], None]) -> None:
    objects = copied()
    assert list(CHECKS[name](Facts(objects))) == []
    change(objects)
    assert list(CHECKS[name](Facts(objects))) != []


TRIGGER = "spec.triggers.0.metadata"
BROKEN_COMPONENTS = [
    (
        "keda",
        "keda_counts_our_pods",
        setting("ScaledObject", f"{TRIGGER}.query", "sum(nexus_in_flight)"),
    ),
    (
        "keda",
        "keda_counts_our_pods",
        setting("ScaledObject", f"{TRIGGER}.ignoreNullValues", "true"),
    ),
    ("keda", "keda_counts_our_pods", setting("ScaledObject", "spec.fallback.replicas", 5)),
    ("keda", "in_flight_target_is_reachable", setting("ScaledObject", f"{TRIGGER}.threshold", "8")),
    ("keda", "in_flight_target_is_reachable", setting("ScaledObject", f"{TRIGGER}.threshold", "1")),
    ("keda", "bounds_are_in_order", setting("ScaledObject", "spec.minReplicaCount", 0)),
    ("keda", "one_scaler_alone", setting("ScaledObject", "spec.scaleTargetRef.name", "other")),
    ("state-volume", "state_has_one_home", setting(HPA, "spec.maxReplicas", 2)),
    ("state-volume", "state_has_one_home", setting("Deployment", "spec.strategy", {})),
    ("shared-state", "state_has_one_home", environ("NEXUS_VERSION_STORE", "sqlite")),
    ("shared-state", "state_has_one_home", environ("NEXUS_KV_STORE", "sqlite")),
    ("shared-state", "state_has_one_home", environ("NEXUS_ARTIFACT_KEY_FILE", "/etc/key")),
    ("handler-secrets", "state_has_one_home", environ("NEXUS_SECRETS_DIR", "/etc/other")),
]


@pytest.mark.parametrize(("component", "name", "change"), BROKEN_COMPONENTS)
def test_trips_with_a_component(
    component: str, name: str, change: Callable[[tuple[Object, ...]], None]
) -> None:
    objects = copy.deepcopy(with_component(component))
    assert list(CHECKS[name](Facts(objects))) == []
    change(objects)
    assert list(CHECKS[name](Facts(objects))) != []


def test_every_invariant_is_tripped() -> None:
    tripped = {name for name, _ in BROKEN} | {name for _, name, _ in BROKEN_COMPONENTS}
    assert tripped == CHECKS.keys()


def test_schemas_trip_on_an_unknown_field() -> None:
    objects = copied()
    find(objects, "Deployment")["spec"]["replica"] = 2
    for version in VERSIONS:
        (problem,) = validate(objects, version).problems
        assert problem.startswith("Deployment/nexus-runtime: ")


@pytest.mark.parametrize(
    ("text", "value"),
    [("100m", 0.1), ("2", 2.0), (3, 3.0), ("1Gi", 2**30), ("128Mi", 2**27), ("1.5k", 1500.0)],
)
def test_quantity(text: str | int, value: float) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "m", "1X", "-1", "1 Gi"])
def test_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(text)
