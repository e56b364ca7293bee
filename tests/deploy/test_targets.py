"""Every target renders, is valid, and holds the invariants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nexus
from tests.deploy.__main__ import KNOWN, report
from tests.deploy.facts import Facts
from tests.deploy.references import ALL
from tests.deploy.render import DEPLOY, build_with, render, targets
from tests.deploy.schemas import MINIMUM, OWN_GROUPS, VERSIONS, validate

PROFILES = ("burst", "guaranteed", "throughput", "latency", "edge")


def test_there_are_all_targets() -> None:
    wanted = {"base", *(f"overlays/cpu-{name}" for name in PROFILES)}
    wanted |= {f"environments/{name}" for name in ("dev", "staging", "production")}
    assert set(targets()) == wanted


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("version", [MINIMUM, *VERSIONS])
def test_objects_are_valid(target: str, version: str) -> None:
    found = validate(render(target), version)
    assert found.problems == []
    assert found.valid + len(found.uncovered) == len(render(target))
    custom = [o for o in render(target) if o["apiVersion"].startswith(OWN_GROUPS)]
    assert len(found.uncovered) == len(custom)


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_invariant_holds(target: str, check) -> None:
    problems = list(check(Facts(render(target))))
    if check.__name__ in KNOWN.get(target, ()):
        assert problems, "no longer an exception: take it out of KNOWN"
    else:
        assert problems == []


def test_report_has_one_line_where_all_is_well() -> None:
    lines, fine = report("overlays/cpu-edge")
    assert fine
    assert len(lines) == 1
    assert f"{len(ALL)} of {len(ALL)} invariants held" in lines[0]


def test_base_asks_for_fifteen_pods() -> None:
    lines, fine = report("base")
    assert fine, "a known exception is no failure"
    assert "asks for 15 pods" in lines[1]


@pytest.mark.parametrize("name", PROFILES)
def test_overlay_is_its_profile(name: str) -> None:
    facts = Facts(render(f"overlays/cpu-{name}"))
    assert facts.settings.cpu_profile == name
    explicit = {"NEXUS_WORKERS", "NEXUS_THREADS", "NEXUS_MAX_INSTANCES", "NEXUS_MIN_INSTANCES"}
    assert explicit | {"TIMEOUT_MS"} <= facts.environ.keys()
    assert "behavior" in facts.one("HorizontalPodAutoscaler")["spec"]


def test_base_has_the_numbers_of_the_description() -> None:
    facts = Facts(render("base"))
    assert (facts.request_cores, facts.limit_cores) == (0.1, 1.0)
    spec = facts.one("HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    for kind in ("Namespace", "ServiceAccount", "Deployment", "Service"):
        assert "nexus-runtime" in facts.names(kind)
    (name,) = (source["configMapRef"]["name"] for source in facts.container["envFrom"])
    assert name.startswith("nexus-runtime-config-")
    assert facts.environ["TIMEOUT_MS"] == "5000"


def test_the_image_is_of_this_version() -> None:
    version = nexus.__version__
    for target in ("base", "environments/staging", "environments/production"):
        assert Facts(render(target)).container["image"].endswith(f"nexus-runtime:{version}")
    for name in ("image/build.sh", "image/try.sh", "chart/Chart.yaml"):
        found = re.findall(
            r"(?:nexus-runtime:|appVersion: )(\d+\.\d+\.\d+)", (DEPLOY / name).read_text()
        )
        assert set(found) == {version}


def test_an_environment_names_the_image_of_handlers(tmp_path: Path) -> None:
    images = [
        {"name": "registry.example.com/nexus-handlers", "newName": "r/shop", "newTag": "1.2.3"}
    ]
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "handlers-image", images=images))
    assert facts.volume_at("/handlers")["image"]["reference"] == "r/shop:1.2.3"


def test_guaranteed_pods_get_exclusive_cores() -> None:
    """The static CPU manager's condition: requests = limits, whole cores."""
    facts = Facts(render("overlays/cpu-guaranteed"))
    resources = facts.container["resources"]
    for name in ("cpu", "memory"):
        assert resources["requests"][name] == resources["limits"][name]
    assert facts.request_cores == int(facts.request_cores) == facts.settings.workers


def test_latency_has_no_quota_and_is_all_warm() -> None:
    facts = Facts(render("overlays/cpu-latency"))
    assert facts.limit_cores is None
    assert facts.settings.min_instances == facts.settings.max_instances


def test_edge_is_small() -> None:
    facts = Facts(render("overlays/cpu-edge"))
    assert (facts.request_cores, facts.memory_bytes) == (0.25, 256 << 20)
    assert facts.settings.workers == 1


def test_throughput_has_a_worker_a_core() -> None:
    facts = Facts(render("overlays/cpu-throughput"))
    assert facts.settings.workers == facts.limit_cores == 4
