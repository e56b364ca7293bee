"""Components, profiles and environments go together, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.facts import Facts
from tests.deploy.invariants import volumes_are_distinct
from tests.deploy.matrix import Pair, pairs, problems
from tests.deploy.references import ALL
from tests.deploy.render import build_with, render

PAIRS = pairs()
SENSIBLE = [pair for pair in PAIRS if pair.refusal is None]
TEAM = {"namespace": "team-a", "namePrefix": "a-", "nameSuffix": "-b"}


@pytest.mark.parametrize("pair", SENSIBLE, ids=str)
def test_pair_holds(pair: Pair) -> None:
    assert problems(pair) == []


def test_there_are_some_pairs_of_each_kind() -> None:
    names = [str(pair) for pair in SENSIBLE]
    assert len(names) == len(set(names)) >= 60
    assert "environments/production + keda" in names
    assert "environments/production + cpu-latency" in names
    assert "overlays/cpu-edge + hpa-inflight" in names
    assert "overlays/cpu-burst + handlers-pvc + ingress" in names


def test_each_refusal_has_its_reason() -> None:
    refused = {str(pair): pair.refusal for pair in PAIRS if pair.refusal}
    assert "keda deletes the HPA" in str(refused["overlays/cpu-burst + hpa-inflight + keda"])
    reason = "handlers-configmap and handlers-pvc: both mount a volume at /handlers"
    assert refused["environments/production + handlers-configmap"] == reason


def test_handlers_from_two_volumes_trip_an_invariant(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "handlers-configmap", "handlers-pvc"))
    assert list(volumes_are_distinct(facts)) == ["the volume handlers has 2 sources"]


@pytest.mark.parametrize("changed", ["hpa-inflight", "small-cluster"])
def test_nothing_changes_the_hpa_that_keda_deleted(changed: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no matches for Id HorizontalPodAutoscaler"):
        build_with(tmp_path, "overlays/cpu-burst", "keda", changed)


def test_keda_takes_over_the_scaling_of_production(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "environments/production", "keda", **TEAM))
    scaled = facts.one("ScaledObject")["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (3, 20)
    assert scaled["fallback"]["replicas"] == 3
    behavior = Facts(render("environments/production")).scaling.behavior
    assert scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == behavior
    assert scaled["scaleTargetRef"]["name"] == "a-nexus-runtime-b"
    queries = [trigger["metadata"]["query"] for trigger in scaled["triggers"]]
    assert all('namespace="team-a"' in query for query in queries)


def test_the_namespace_may_come_from_an_inner_layer(tmp_path: Path) -> None:
    """A component leaves the namespace alone that the layers below have set."""
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    outer.mkdir()
    build_with(inner, "environments/staging", namespace="team-a")
    names = ("egress-https", "gateway-api", "ingress", "keda")
    facts = Facts(build_with(outer, str(inner), *names))
    assert {o["metadata"].get("namespace", "team-a") for o in facts.objects} == {"team-a"}
    assert [problem for check in ALL for problem in check(facts)] == []


@pytest.mark.parametrize("kind", ["keda", "hpa-inflight"])
@pytest.mark.parametrize(
    ("profile", "target"),
    [("burst", 5), ("guaranteed", 10), ("throughput", 15), ("latency", 4), ("edge", 1)],
)
def test_the_target_in_flight_is_the_profiles(
    kind: str, profile: str, target: int, tmp_path: Path
) -> None:
    facts = Facts(build_with(tmp_path, f"overlays/cpu-{profile}", kind))
    if kind == "keda":
        (found, _) = facts.one("ScaledObject")["spec"]["triggers"]
        assert found["metadata"]["threshold"] == str(target)
    else:
        (metric,) = facts.one("HorizontalPodAutoscaler")["spec"]["metrics"]
        assert metric["pods"]["target"]["averageValue"] == str(target)


def test_a_lost_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair("environments/production", ("small-cluster",))
    assert problems(pair) == []
    monkeypatch.setattr("tests.deploy.matrix.SETS_BOUNDS", ())
    (problem,) = problems(pair)
    assert problem.startswith("scaling: Scaling(min_replicas=3, max_replicas=20")
