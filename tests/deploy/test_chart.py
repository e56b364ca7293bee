"""The Helm chart makes of each profile what Kustomize makes of it.

Helm's own engine renders it, in the library that helm-python-sdk brings. That has 244 MB, so it is
not in the extra `test`; `.ci/run` fetches it.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.chart import CHART, LEFT_OUT, contents
from tests.deploy.facts import Facts
from tests.deploy.references import ALL
from tests.deploy.render import profiles, render
from tests.deploy.schemas import MINIMUM, VERSIONS, validate

NAMES = [name.removeprefix("cpu-") for name in profiles()]
needs_helm = pytest.mark.skipif(
    importlib.util.find_spec("helm_python") is None, reason="no helm: pip install helm-python-sdk"
)
RENDER = """
import json, sys
from helm_python import Chart
with Chart.load(sys.argv[1]) as chart:
    print(json.dumps(chart.render(values=json.loads(sys.argv[2]), name="n", namespace="team-a")))
"""


def helm(**values: Any) -> list[dict[str, Any]]:
    """Render the chart in a process of its own: the library brings Go's runtime."""
    done = subprocess.run(
        [sys.executable, "-c", RENDER, str(CHART), json.dumps(values)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (text,) = json.loads(done.stdout).values()
    return [found for found in yaml.safe_load_all(text) if found]


@pytest.mark.parametrize("path", contents(), ids=lambda path: path.name)
def test_the_profiles_are_what_kustomize_renders(path: Path) -> None:
    assert path.read_text() == contents()[path], "run: python -m tests.deploy.chart"


def test_the_values_name_the_profiles() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert sorted(schema["properties"]["profile"]["enum"]) == sorted(NAMES)


@needs_helm
@pytest.mark.parametrize("name", NAMES)
def test_helm_makes_the_same_objects(name: str) -> None:
    expected = [o for o in render(f"overlays/cpu-{name}") if o["kind"] not in LEFT_OUT]
    for found in (rendered := helm(profile=name)):
        assert found["metadata"].pop("namespace") == "team-a"

    def stripped(one: dict[str, Any]) -> dict[str, Any]:
        metadata = {k: v for k, v in one["metadata"].items() if k != "namespace"}
        return {**one, "metadata": metadata}

    def order(one: dict[str, Any]) -> tuple[str, str]:
        return one["kind"], one["metadata"]["name"]

    assert sorted(rendered, key=order) == sorted(map(stripped, expected), key=order)


@needs_helm
def test_values_reach_their_places() -> None:
    objects = helm(
        profile="guaranteed",
        image={"repository": "r.example.com/nexus", "tag": "1.2.3"},
        replicas={"min": 3, "max": 20},
        config={"TIMEOUT_MS": "10000"},
    )
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "team-a"}}
    facts = Facts([namespace, *objects])
    assert facts.container["image"] == "r.example.com/nexus:1.2.3"
    assert facts.scaling[:2] == (3, 20)
    assert facts.settings.timeout_ms == 10_000
    assert "checksum/config" in facts.template["metadata"]["annotations"]
    assert [problem for check in ALL for problem in check(facts)] == []
    for version in (MINIMUM, *VERSIONS):
        assert validate(objects, version).problems == []


@needs_helm
@pytest.mark.parametrize("values", [{"profile": "fast"}, {"replica": 3}, {"replicas": {"min": 0}}])
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"[Ss]chema|specifications"):
        helm(**values)
