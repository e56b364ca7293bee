"""Invariants about names: what one object says of another, and of the app, is there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry

from nexus.config import Settings
from nexus.http import create_management_app
from nexus.service import Service
from tests.deploy.facts import Facts
from tests.deploy.invariants import INVARIANTS, PROBE_PATHS

CLUSTER_SCOPED = ("Namespace",)


@cache
def management_paths() -> frozenset[str]:
    """The paths that the management port serves."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Settings(cache_dir=Path(folder)), CollectorRegistry())
        app = create_management_app(service, CollectorRegistry())
        return frozenset(rule.rule for rule in app.url_map.iter_rules())


def paths_and_ports_exist(facts: Facts) -> Iterator[str]:
    """Services and routes meet a port of the app; probes and scrapes meet the management port and
    a path of it."""
    ports = {port["name"]: port["containerPort"] for port in facts.container["ports"]}
    settings = facts.settings
    bound = {"http": settings.bind, "management": settings.management_bind}
    listens = {name: int(address.rpartition(":")[2] or 0) for name, address in bound.items()}
    if listens != ports:
        yield f"the app listens on {listens}, the container declares {ports}"
    yield from _scrapes(facts, listens["management"])
    named = []
    for service in facts.all("Service"):
        if "selector" in service["spec"]:
            named += [port["targetPort"] for port in service["spec"]["ports"]]
    for policy in facts.all("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            named += [port["port"] for port in rule["ports"]]
    yield from (f"the container has no port {name}" for name in named if name not in ports)


def _scrapes(facts: Facts, port: int) -> Iterator[str]:
    """Yield what is wrong with the probes and with who scrapes."""
    paths = []
    for probe in PROBE_PATHS:
        asked = facts.container[probe]["httpGet"]
        paths.append(asked["path"])
        if asked["port"] != "management":
            yield f"load on port {asked['port']} may hold up the {probe}"
    annotations = facts.template["metadata"].get("annotations", {})
    if "prometheus.io/scrape" in annotations:
        paths.append(annotations["prometheus.io/path"])
        if int(annotations["prometheus.io/port"]) != port:
            yield "prometheus.io/port is not the management port"
    for monitor in facts.all("ServiceMonitor"):
        for endpoint in monitor["spec"]["endpoints"]:
            paths.append(endpoint["path"])
            if endpoint["port"] != "management":
                yield f"the ServiceMonitor scrapes the port {endpoint['port']}"
    yield from (f"the app has no {path}" for path in paths if path not in management_paths())


def selectors_match(facts: Facts) -> Iterator[str]:
    """Whatever selects pods selects ours."""
    labels = facts.template["metadata"]["labels"].items()
    selectors = {"Deployment": facts.deployment["selector"]["matchLabels"]}
    for kind, path in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        for found in facts.all(kind):
            name = f"{kind}/{found['metadata']['name']}"
            selectors[name] = found["spec"][path].get("matchLabels", {})
    for service in facts.all("Service"):
        selectors[f"Service/{service['metadata']['name']}"] = service["spec"].get("selector", {})
    for number, spread in enumerate(facts.pod["topologySpreadConstraints"]):
        selectors[f"spread {number}"] = spread["labelSelector"]["matchLabels"]
    for name, selector in selectors.items():
        if not selector.items() <= labels:
            yield f"{name} does not select our pods"
    for monitor in facts.all("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        chosen = [s for s in facts.all("Service") if wanted <= _labels(s).items()]
        ports = [port["name"] for service in chosen for port in service["spec"]["ports"]]
        if ports != [endpoint["port"] for endpoint in monitor["spec"]["endpoints"]]:
            yield f"the ServiceMonitor finds the ports {ports}"


def references_exist(facts: Facts) -> Iterator[str]:
    """Accounts, ConfigMaps, claims, backends that are named are there, in one namespace."""
    wanted = [("ServiceAccount", facts.pod["serviceAccountName"])]
    for volume in facts.pod["volumes"]:
        if "configMap" in volume:
            wanted.append(("ConfigMap", volume["configMap"]["name"]))
        if "persistentVolumeClaim" in volume:
            wanted.append(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
    for ingress in facts.all("Ingress"):
        for rule in ingress["spec"]["rules"]:
            backends = [path["backend"]["service"]["name"] for path in rule["http"]["paths"]]
            wanted += [("Service", name) for name in backends]
    for route in facts.all("HTTPRoute"):
        wanted += [("Gateway", parent["name"]) for parent in route["spec"]["parentRefs"]]
        for rule in route["spec"]["rules"]:
            wanted += [("Service", ref["name"]) for ref in rule.get("backendRefs", [])]
    for kind, name in wanted:
        if name not in facts.names(kind):
            yield f"there is no {kind} {name}"
    (namespace,) = facts.names("Namespace")
    for found in facts.objects:
        if found["kind"] not in CLUSTER_SCOPED and found["metadata"]["namespace"] != namespace:
            yield f"{found['kind']} {found['metadata']['name']} is in another namespace"


def state_has_one_home(facts: Facts) -> Iterator[str]:
    """Nexus keeps what must outlive a pod on a volume, which one pod alone opens, or in shared
    stores; and the deployment mounts the paths in the settings."""
    settings = facts.settings
    home = facts.volume_at(str(settings.state_dir))
    stores = {"version_store": settings.version_store, "kv_store": settings.kv_store}
    local = sorted(name for name, store in stores.items() if store == "sqlite")
    if "emptyDir" in home:
        yield from (f"{name} ends with the pod" for name in local)
    if "persistentVolumeClaim" in home:
        if (most := facts.scaling.max_replicas) > 1:
            yield f"{most} pods would open one SQLite file"
        if facts.deployment["strategy"] != {"type": "Recreate"}:
            yield "a rollout's next pod waits for the volume, which the last one keeps"
    folders = [settings.secrets_dir, settings.artifact_key_file.rpartition("/")[0]]
    for folder in filter(None, folders):
        if "secret" not in facts.volume_at(folder):
            yield f"{folder} is not a Secret's"


def _labels(found: dict) -> dict[str, str]:
    return found["metadata"].get("labels", {})


ALL = (
    *INVARIANTS,
    paths_and_ports_exist,
    selectors_match,
    references_exist,
    state_has_one_home,
)
