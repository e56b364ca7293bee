"""All pairs of components, profiles and environments, and those that make no sense."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.facts import Facts
from tests.deploy.references import ALL
from tests.deploy.render import DEPLOY, Object, build_with, components, profiles, render, targets
from tests.deploy.schemas import VERSIONS, validate

_BOTH_MOUNT = "both mount a volume at /handlers"
REFUSED: Mapping[frozenset[str], str] = {
    frozenset({"handlers-configmap", "handlers-pvc"}): _BOTH_MOUNT,
    frozenset({"handlers-configmap", "handlers-image"}): _BOTH_MOUNT,
    frozenset({"handlers-image", "handlers-pvc"}): _BOTH_MOUNT,
    frozenset({"shared-state", "state-volume"}): "both mount a volume at /var/lib/nexus",
    frozenset({"hpa-inflight", "keda"}): "keda deletes the HPA that hpa-inflight changes",
}
"""Pairs of components that contradict each other, with the reason."""
LAST = ("hpa-inflight", "keda")
"""Components that take over what the others before them set."""
SETS_BOUNDS = ("small-cluster", "state-volume")
"""Components whose purpose is other bounds than the environment's."""


@dataclass(frozen=True, order=True)
class Pair:
    """A target of deploy/ with further components on top."""

    target: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return " + ".join((self.target, *self.names))

    @property
    def refusal(self) -> str | None:
        """Why this makes no sense; None: it does."""
        together = {*components_of(self.target), *self.names}
        for pair, reason in REFUSED.items():
            if pair <= together and pair & set(self.names):
                return f"{' and '.join(sorted(pair))}: {reason}"
        return None


@cache
def components_of(target: str) -> frozenset[str]:
    """Return the components of deploy/ that *target* has already, by name."""
    return frozenset(_listed(DEPLOY / target))


def _listed(folder: Path) -> Iterator[str]:
    kustomization: dict[str, Any] = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for path in kustomization.get("resources", ()):
        if (folder / path).is_dir():
            yield from _listed(folder / path)
    for path in kustomization.get("components", ()):
        yield (folder / path).resolve().name


def pairs() -> list[Pair]:
    """Return overlays and environments with every component, environments with profiles, and
    components in pairs, each once; without those that a target has already."""
    environments = [target for target in targets() if target.startswith("environments/")]
    bases = [target for target in targets() if target != "base"]
    found = [Pair(target, (name,)) for target in bases for name in components()]
    found += [Pair(target, (name,)) for target in environments for name in profiles()]
    ordered = sorted(components(), key=LAST.__contains__)
    found += [Pair("overlays/cpu-burst", two) for two in combinations(ordered, 2)]
    return [pair for pair in found if not components_of(pair.target) & set(pair.names)]


def problems(pair: Pair) -> list[str]:
    """Render *pair* in a namespace of its own and return what does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        outer = {"namespace": "team-a", "namePrefix": "a-", "nameSuffix": "-b"}
        objects = build_with(Path(folder), pair.target, *pair.names, **outer)
    return [*_invalid(objects), *_broken(pair, objects), *_moved_bounds(pair, objects)]


def _invalid(objects: tuple[Object, ...]) -> Iterator[str]:
    for version in VERSIONS:
        yield from validate(objects, version).problems


def _broken(pair: Pair, objects: tuple[Object, ...]) -> Iterator[str]:
    facts = Facts(objects)
    for check in ALL:
        yield from (f"{check.__name__}: {problem}" for problem in check(facts))


def _moved_bounds(pair: Pair, objects: tuple[Object, ...]) -> Iterator[str]:
    """Yield a sentence if a component changed the environment's scaling without being asked."""
    before, after = Facts(render(pair.target)).scaling, Facts(objects).scaling
    if pair.names[0].startswith("cpu-"):  # a profile brings its own behaviour
        before, after = (each._replace(behavior={}) for each in (before, after))
    if not set(SETS_BOUNDS) & set(pair.names) and before != after:
        yield f"scaling: {before} became {after}"
