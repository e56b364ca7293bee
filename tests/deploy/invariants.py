"""What must hold for every rendered target; each function yields what does not, in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from nexus.config.admin_token import VARIABLE as ADMIN_TOKEN
from nexus.pod.derived import demand
from nexus.pod.profiles import PROFILES
from nexus.pod.sizing import size
from tests.deploy.facts import Facts
from tests.deploy.quantity import quantity

Invariant: TypeAlias = Callable[[Facts], Iterator[str]]

NODE_CORES = 64.0
"""what a pod without a CPU limit sees on a large node"""
FOLDERS_AND_FILES = (
    "NEXUS_ADMIN_TOKEN_FILE",
    "NEXUS_CONFIG_FOLDER",
    "PGSERVICEFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "DOCKER_CONFIG",
)
"""Variables that components set in the Deployment, beside what they mount"""
PROBE_PATHS = ("startupProbe", "readinessProbe", "livenessProbe")


def memory_fits(facts: Facts) -> Iterator[str]:
    """The limit covers workers x pool x instance limit + artifacts + cache + base; the request is
    the limit."""
    in_memory = (d for _, d in facts.empty_dirs() if d.get("medium") == "Memory")
    cache_bytes = sum(int(quantity(found["sizeLimit"])) for found in in_memory)
    # The image has wasmtime, whatever runs this test.
    annotated = facts.one("Deployment")["metadata"]["annotations"][
        "nexus-runtime/memory-with-python"
    ]
    python = facts.memory_bytes == int(quantity(annotated))
    wanted = replace(demand(facts.loaded), compiler="cranelift", engine="wasmtime", python=python)
    found = size(
        facts.limit_cores or NODE_CORES,
        facts.memory_bytes - cache_bytes,
        wanted,
        PROFILES[facts.settings.cpu_profile],
    )
    if found.warning is not None:
        yield found.warning
    if facts.resource("requests", "memory") != facts.memory_bytes:
        yield "the memory request is not the limit"


def grace_covers_drain(facts: Facts) -> Iterator[str]:
    """Grace period > preStop + drain + the longest timeout, and than gunicorn's patience."""
    settings = facts.settings
    pre_stop = facts.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain_s = settings.drain_delay_ms / 1000
    longest_s = max(settings.timeout_ms, settings.http_timeout) / 1000
    gunicorn_s = 30 + (settings.timeout_ms + settings.drain_delay_ms) // 1000
    needed_s = pre_stop + max(drain_s + longest_s, gunicorn_s)
    grace_s = facts.pod["terminationGracePeriodSeconds"]
    if grace_s <= needed_s:
        yield f"the grace period is {grace_s} s, an orderly end may take {needed_s:g} s"


def busy_pod_at_most_doubles(facts: Facts) -> Iterator[str]:
    """One fully busy pod asks for at most two pods (facts 15 and 24)."""
    workers = float(facts.settings.workers if "NEXUS_WORKERS" in facts.environ else NODE_CORES)
    busy = min(facts.limit_cores or NODE_CORES, workers)  # a worker's guests share one GIL
    for hpa in facts.all("HorizontalPodAutoscaler"):
        for metric in hpa["spec"]["metrics"]:
            if metric["type"] != "Resource":
                continue
            target = metric["resource"]["target"]
            if target["type"] == "Utilization":
                cores = facts.request_cores * target["averageUtilization"] / 100
            else:
                cores = quantity(target["averageValue"])
            if busy > 2 * cores:
                yield (
                    f"one busy pod uses {busy:g} cores; at a target of {cores:g} that asks for "
                    f"{math.ceil(busy / cores)} pods"
                )


def in_flight_target_is_reachable(facts: Facts) -> Iterator[str]:
    """A pod can have more requests running than the target, or nothing would ever scale; and at
    the target it is no longer idle."""
    capacity = facts.settings.workers * facts.settings.max_instances
    for hpa in facts.all("HorizontalPodAutoscaler"):
        for metric in hpa["spec"]["metrics"]:
            if metric["type"] == "Pods":
                target = quantity(metric["pods"]["target"]["averageValue"])
                if not capacity / 4 <= target < capacity:
                    yield f"the target is {target:g} in flight, a pod runs {capacity} at most"
    for trigger in _triggers(facts):
        target = float(trigger["metadata"]["threshold"])
        if trigger["name"] == "in-flight" and not capacity / 4 <= target < capacity:
            yield f"the threshold is {target:g} in flight, a pod runs {capacity} at most"


def keda_counts_our_pods(facts: Facts) -> Iterator[str]:
    """KEDA's queries ask for this namespace, an empty answer does not count as 0, and without
    figures the number of pods stays within the bounds."""
    for trigger in _triggers(facts):
        metadata, name = trigger["metadata"], trigger["name"]
        if f'namespace="{facts.namespace}"' not in metadata["query"]:
            yield f"{name} does not ask for the namespace {facts.namespace}: {metadata['query']}"
        if metadata.get("ignoreNullValues") != "false":
            yield f"{name}: no series would count as no load"
    for scaled in facts.all("ScaledObject"):
        replicas = scaled["spec"]["fallback"]["replicas"]
        if not facts.scaling.min_replicas <= replicas <= facts.scaling.max_replicas:
            yield f"the fallback is {replicas} pods, outside of the bounds"


def bounds_are_in_order(facts: Facts) -> Iterator[str]:
    """At least one pod, and no minimum above the maximum."""
    least, most, _ = facts.scaling
    if not 1 <= least <= most:
        yield f"{least} to {most} replicas"


def _triggers(facts: Facts) -> Iterator[Any]:
    for scaled in facts.all("ScaledObject"):
        yield from scaled["spec"]["triggers"]


def drains_proceed(facts: Facts) -> Iterator[str]:
    """The PDB allows a disruption also at the fewest replicas."""
    spec = facts.one("PodDisruptionBudget")["spec"]
    allowed = spec.get("maxUnavailable", facts.scaling.min_replicas - spec.get("minAvailable", 0))
    if int(allowed) < 1:
        yield f"no pod may be evicted at {facts.scaling.min_replicas} replicas"


def one_scaler_alone(facts: Facts) -> Iterator[str]:
    """One thing scales, and nothing fixes the number beside it."""
    if "replicas" in facts.deployment:
        yield "the Deployment has replicas beside its scaler"
    scalers = facts.all("HorizontalPodAutoscaler") + facts.all("ScaledObject")
    if len(scalers) != 1:
        yield f"{len(scalers)} scalers"
    for scaler in scalers:
        if scaler["spec"]["scaleTargetRef"]["name"] not in facts.names("Deployment"):
            yield f"{scaler['kind']} scales a Deployment that is not there"


def environment_is_known(facts: Facts) -> Iterator[str]:
    """Every key is a setting, every value allowed (loading them raises otherwise), and a setting of
    the mounted folder is not in the environment, too, which would win."""
    yield from facts.loaded.warnings
    for key in facts.environ:
        if not key.startswith("NEXUS_") and key != "TIMEOUT_MS":
            yield f"{key} has no prefix"
        if f"NEXUS_{key.removeprefix('NEXUS_')}" in facts.live:
            yield f"{key} is in the environment and in the folder of live settings"
    for variable in facts.container.get("env", ()):
        if variable["name"] not in FOLDERS_AND_FILES:
            yield f"{variable['name']} belongs into the ConfigMap"


def secrets_are_files(facts: Facts) -> Iterator[str]:
    """No manifest has a token, and no environment: processes and crash reports show that."""
    if ADMIN_TOKEN in facts.environ:
        yield "the admin token is in the ConfigMap"
    files = {mount["mountPath"]: mount for mount in facts.container["volumeMounts"]}
    for variable in facts.container.get("env", ()):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            yield f"{variable['name']} comes from a Secret through the environment"
        elif variable["value"].rpartition("/")[0] not in files and variable["value"] not in files:
            yield f"{variable['name']} names {variable['value']}, where nothing is mounted"
    for source in facts.container["envFrom"]:
        if "secretRef" in source:
            yield "a Secret is the environment"


def ephemeral_storage_covers_volumes(facts: Facts) -> Iterator[str]:
    """Full volumes are no reason for an eviction."""
    limit = facts.resource("limits", "ephemeral-storage")
    sizes = [
        quantity(found["sizeLimit"]) for _, found in facts.empty_dirs() if "medium" not in found
    ]
    if limit is None or limit < sum(sizes):
        yield f"emptyDirs may hold {sum(sizes):g} bytes, ephemeral-storage is {limit}"


def images_are_pinned(facts: Facts) -> Iterator[str]:
    """A tag is a release's, or there is a digest; `dev` alone is built on the spot."""
    images = [facts.container["image"]]
    images += [v["image"]["reference"] for v in facts.pod["volumes"] if "image" in v]
    for image in images:
        if not re.search(r"(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64}|^nexus-runtime:dev)$", image):
            yield f"image {image} may be another one tomorrow"


def volumes_are_distinct(facts: Facts) -> Iterator[str]:
    """Each volume has one source and each path one volume, which two components may break."""
    for volume in facts.pod["volumes"]:
        if len(volume) != 2:
            yield f"the volume {volume['name']} has {len(volume) - 1} sources"
    paths = [mount["mountPath"] for mount in facts.container["volumeMounts"]]
    yield from (f"{path} is mounted twice" for path in set(paths) if paths.count(path) > 1)


def pod_is_confined(facts: Facts) -> Iterator[str]:
    """The restricted level of the pod security standards, no token, a read-only root with the
    folders Nexus writes to mounted."""
    pod, context = facts.pod["securityContext"], facts.container["securityContext"]
    wanted = {
        "runAsNonRoot": pod.get("runAsNonRoot") is True and pod.get("runAsUser", 0) > 0,
        "seccompProfile": pod.get("seccompProfile") == {"type": "RuntimeDefault"},
        "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation") is False,
        "readOnlyRootFilesystem": context.get("readOnlyRootFilesystem") is True,
        "capabilities": context.get("capabilities") == {"drop": ["ALL"]},
        "automountServiceAccountToken": facts.pod.get("automountServiceAccountToken") is False
        and facts.one("ServiceAccount").get("automountServiceAccountToken") is False,
        "enableServiceLinks": facts.pod.get("enableServiceLinks") is False,
    }
    yield from (f"{name} is not as it must be" for name, held in wanted.items() if not held)
    writable = {
        mount["mountPath"]
        for mount in facts.container["volumeMounts"]
        if mount["name"] in dict(facts.empty_dirs())
    }
    for folder in ("/tmp", str(facts.settings.cache_dir)):
        if folder not in writable:
            yield f"{folder} cannot be written to"


INVARIANTS: tuple[Invariant, ...] = (
    memory_fits,
    grace_covers_drain,
    busy_pod_at_most_doubles,
    in_flight_target_is_reachable,
    keda_counts_our_pods,
    bounds_are_in_order,
    drains_proceed,
    one_scaler_alone,
    environment_is_known,
    secrets_are_files,
    ephemeral_storage_covers_volumes,
    images_are_pinned,
    volumes_are_distinct,
    pod_is_confined,
)
