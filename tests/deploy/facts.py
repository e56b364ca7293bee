"""What the invariants need to know of rendered objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from nexus.config import Loaded, Settings, load
from tests.deploy.quantity import quantity
from tests.deploy.render import Object


class Scaling(NamedTuple):
    """How an HPA, or KEDA's, may scale."""

    min_replicas: int
    max_replicas: int
    behavior: Any


class Facts:
    """One rendered target."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = tuple(objects)

    def all(self, kind: str) -> list[Object]:
        """Objects of this *kind*."""
        return [found for found in self.objects if found["kind"] == kind]

    def one(self, kind: str) -> Object:
        """The only object of this *kind*."""
        (found,) = self.all(kind)
        return found

    def names(self, kind: str) -> set[str]:
        return {found["metadata"]["name"] for found in self.all(kind)}

    @cached_property
    def deployment(self) -> Object:
        return self.one("Deployment")["spec"]

    @property
    def template(self) -> Object:
        return self.deployment["template"]

    @property
    def pod(self) -> Object:
        return self.template["spec"]

    @property
    def container(self) -> Object:
        (found,) = self.pod["containers"]
        return found

    @cached_property
    def environ(self) -> dict[str, str]:
        """The container's environment: its ConfigMap's data."""
        names = [source["configMapRef"]["name"] for source in self.container["envFrom"]]
        return {key: value for name in names for key, value in self._data(name).items()}

    def _data(self, name: str) -> dict[str, str]:
        (found,) = (o for o in self.all("ConfigMap") if o["metadata"]["name"] == name)
        return dict(found["data"])

    @cached_property
    def live(self) -> dict[str, str]:
        """The mounted folder of settings, with the names that the environment would have."""
        mounts = {mount["mountPath"]: mount["name"] for mount in self.container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        for variable in self.container.get("env", ()):
            if variable["name"] == "NEXUS_CONFIG_FOLDER":
                sources = volumes[mounts[variable["value"]]]["projected"]["sources"]
                # What a Secret has is not in the manifests.
                (name,) = (s["configMap"]["name"] for s in sources if "configMap" in s)
                data = self._data(name)
                return {f"NEXUS_{key.upper()}": value for key, value in data.items()}
        return {}

    @cached_property
    def loaded(self) -> Loaded:
        """The settings Nexus makes of that; the environment wins. Raises: ConfigError."""
        return load({}, {**self.live, **self.environ}, Path("/nowhere"))

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def resource(self, kind: str, name: str) -> float | None:
        """`requests` or `limits` of cpu (cores) or memory (bytes); None: not given."""
        found = self.container["resources"].get(kind, {}).get(name)
        return None if found is None else quantity(found)

    @property
    def limit_cores(self) -> float | None:
        return self.resource("limits", "cpu")

    @property
    def request_cores(self) -> float:
        found = self.resource("requests", "cpu")
        assert found is not None, "a CPU request is what the scheduler and the HPA go by"
        return found

    @property
    def memory_bytes(self) -> int:
        found = self.resource("limits", "memory")
        assert found is not None, "without a memory limit one pod may take the node's"
        return int(found)

    def volume_at(self, path: str) -> Any:
        """The volume mounted at *path*, or an empty one."""
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        names = (m["name"] for m in self.container["volumeMounts"] if m["mountPath"] == path)
        return volumes[found] if (found := next(names, None)) else {}

    def empty_dirs(self) -> Iterator[tuple[str, Any]]:
        """Name and `emptyDir` of each such volume."""
        for volume in self.pod.get("volumes", []):
            if "emptyDir" in volume:
                yield volume["name"], volume["emptyDir"]

    @property
    def scaling(self) -> Scaling:
        """The bounds and the behaviour of the one object that scales here."""
        found = [
            Scaling(s["minReplicaCount"], s["maxReplicaCount"], _of_keda(s))
            for s in self._specs("ScaledObject")
        ]
        found += [
            Scaling(s["minReplicas"], s["maxReplicas"], s["behavior"])
            for s in self._specs("HorizontalPodAutoscaler")
        ]
        (scaling,) = found
        return scaling

    def _specs(self, kind: str) -> list[Any]:
        return [found["spec"] for found in self.all(kind)]

    @property
    def namespace(self) -> str:
        return str(self.one("Deployment")["metadata"]["namespace"])


def _of_keda(spec: Any) -> Any:
    return spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
