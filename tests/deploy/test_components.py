"""Each component goes with a profile, and does what it is for."""

from __future__ import annotations

import json
import os
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from nexus.plugin_api.option_types import LIVE
from tests.deploy.facts import Facts
from tests.deploy.references import ALL
from tests.deploy.render import DEPLOY, ROOT, build, build_with, render

CONTRACT = set(
    re.findall(
        r"nexus_[a-z_]+",
        "".join(path.read_text() for path in (ROOT / "nexus").rglob("*.py")),
    )
)
"""every metric is named in the source"""


def test_profile_replaces_the_numbers_of_another(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "cpu-guaranteed"))
    assert (facts.request_cores, facts.settings.cpu_profile) == (2.0, "guaranteed")


def test_two_overlays_of_one_base_do_not_go_together(tmp_path: Path) -> None:
    """Fact 18: that is why profiles are components."""
    (tmp_path / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "resources": [
                    os.path.relpath(DEPLOY / "overlays" / name, tmp_path.resolve())
                    for name in ("cpu-burst", "cpu-edge")
                ]
            }
        )
    )
    with pytest.raises(AssertionError, match="may not add resource with an already registered id"):
        build(tmp_path)


def test_keda_takes_the_place_of_the_hpa(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "keda"))
    assert facts.all("HorizontalPodAutoscaler") == []
    assert facts.scaling.min_replicas == 2


def test_service_monitor_takes_the_place_of_annotations(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "prometheus-operator"))
    assert not facts.template["metadata"].get("annotations")


def test_live_settings_take_over_the_profiles(tmp_path: Path) -> None:
    before = Facts(render("overlays/cpu-latency"))
    facts = Facts(build_with(tmp_path, "overlays/cpu-latency", "live-settings"))
    assert facts.live["NEXUS_TIMEOUT_MS"] == "2000"
    assert (
        set(facts.live) & {f"NEXUS_{key.removeprefix('NEXUS_')}" for key in facts.environ} == set()
    )
    assert facts.settings == before.settings
    fields = type(facts.settings).model_fields
    names = [name.removeprefix("NEXUS_").lower() for name in facts.live]
    assert all(LIVE in fields[name].metadata for name in names)


@pytest.mark.parametrize(("profile", "mib"), [("burst", 1024), ("edge", 832), ("latency", 1664)])
def test_python_gets_the_memory_that_the_profile_names(
    profile: str, mib: int, tmp_path: Path
) -> None:
    facts = Facts(build_with(tmp_path, f"overlays/cpu-{profile}", "python-handlers"))
    assert facts.memory_bytes == facts.resource("requests", "memory") == mib << 20


def test_the_admin_token_is_a_file(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "admin-api"))
    (variable,) = facts.container["env"]
    assert variable == {"name": "NEXUS_ADMIN_TOKEN_FILE", "value": "/etc/nexus/admin/token"}
    (volume,) = (v for v in facts.pod["volumes"] if "secret" in v)
    assert volume["secret"]["secretName"] == "nexus-runtime-admin"


@pytest.mark.parametrize("name", ["state-volume", "shared-state"])
def test_state_has_a_folder_that_the_server_may_write_to(name: str, tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "environments/production", name, "admin-api"))
    home = facts.volume_at(str(facts.settings.state_dir))
    assert {"state-volume": "persistentVolumeClaim", "shared-state": "emptyDir"}[name] in home
    (mount,) = (m for m in facts.container["volumeMounts"] if m["name"] == home["name"])
    assert not mount.get("readOnly")


def test_shared_state_keeps_its_credentials_in_files_of_one_secret(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "shared-state"))
    files = {variable["name"]: variable["value"] for variable in facts.container["env"]}
    files |= {"NEXUS_ARTIFACT_KEY_FILE": facts.settings.artifact_key_file}
    assert files.keys() >= {"PGSERVICEFILE", "AWS_SHARED_CREDENTIALS_FILE", "DOCKER_CONFIG"}
    assert {os.path.commonpath([file, "/etc/nexus/state"]) for file in files.values()} == {
        "/etc/nexus/state"
    }
    secret = facts.volume_at("/etc/nexus/state")["secret"]["secretName"]
    assert f"create secret generic {secret}" in (ROOT / "docs/versions.md").read_text()


def test_the_documented_state_goes_with_production(tmp_path: Path) -> None:
    """The example in docs/versions.md."""
    text = (ROOT / "docs/versions.md").read_text().partition("### On Kubernetes")[2]
    example = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    names = [Path(path).name for path in example.pop("components")]
    facts = Facts(build_with(tmp_path, "environments/production", *names, **example))
    assert [problem for check in ALL for problem in check(facts)] == []
    assert facts.settings.version_store == "postgresql://db.data/nexus?service=nexus"


def test_secret_settings_join_the_live_ones(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "live-settings"))
    sources = facts.volume_at("/etc/nexus/settings")["projected"]["sources"]
    assert {"secret": {"name": "nexus-secret-settings", "optional": True}} in sources


def test_the_stack_finds_monitors_by_their_label(tmp_path: Path) -> None:
    names = ("prometheus-operator", "kube-prometheus-stack")
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", *names))
    for kind in ("ServiceMonitor", "PrometheusRule"):
        assert facts.one(kind)["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_the_example_of_a_team_is_four_lines_that_hold() -> None:
    folder = DEPLOY / "examples/team"
    assert len((folder / "kustomization.yaml").read_text().splitlines()) == 4
    facts = Facts(build(folder))
    assert [problem for check in ALL for problem in check(facts)] == []
    assert facts.scaling.max_replicas == 20


@pytest.mark.parametrize("name", ["argocd", "flux"])
def test_the_examples_of_gitops_point_at_it(name: str) -> None:
    text = (DEPLOY / f"examples/{name}.yaml").read_text()
    specs = [found["spec"] for found in yaml.safe_load_all(text)]
    paths = [spec.get("source", spec).get("path") for spec in specs]
    (path,) = (path for path in paths if path)
    assert (ROOT / path / "kustomization.yaml").exists()


PRIVATE = [
    "10.1.2.3",
    "172.20.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "169.254.169.254",  # metadata of AWS, GCP, Azure
    "169.254.170.2",  # of ECS tasks
    "100.100.100.200",  # of Alibaba
    "192.0.0.192",  # of Oracle
    "168.63.129.16",  # Azure's platform
    "224.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00:ec2::254",  # metadata of AWS
    "fd12::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    "2002:a9fe:a9fe::1",  # 6to4 of it
    "ff02::1",
]


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("egress")
    policies = Facts(build_with(folder, "overlays/cpu-burst", "egress-https")).all("NetworkPolicy")
    (policy,) = [p for p in policies if p["metadata"]["name"] == "nexus-egress-https"]
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]
    return [to["ipBlock"] for to in rule["to"]]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [*((a, False) for a in PRIVATE), ("93.184.216.34", True), ("2606:2800:220:1::1", True)],
)
def test_egress_https_reaches_public_addresses_alone(
    address: str, allowed: bool, blocks: list[dict]
) -> None:
    found = ip_address(address)

    def within(block: dict) -> bool:
        excepted = (ip_network(network) for network in block["except"])
        return found in ip_network(block["cidr"]) and not any(found in n for n in excepted)

    assert any(within(block) for block in blocks) is allowed


def test_dashboard_asks_for_metrics_there_are(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "grafana"))
    (config,) = [c for c in facts.all("ConfigMap") if c["metadata"]["name"] == "nexus-dashboard"]
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    panels = json.loads(config["data"]["nexus.json"])["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert unknown_metrics(expressions) == set()
    assert len({json.dumps(panel["gridPos"]) for panel in panels}) == len(panels)


def test_scaling_asks_for_metrics_there_are(tmp_path: Path) -> None:
    facts = Facts(build_with(tmp_path, "overlays/cpu-burst", "keda"))
    triggers = facts.one("ScaledObject")["spec"]["triggers"]
    assert unknown_metrics([trigger["metadata"]["query"] for trigger in triggers]) == set()


def test_unknown_metrics_are_found() -> None:
    assert unknown_metrics(["rate(nexus_requests_total[5m])"]) == {"nexus_requests_total"}


def unknown_metrics(expressions: list[str]) -> set[str]:
    """Metrics in *expressions* that no source file names, with or without their suffix."""
    asked = {name for text in expressions for name in re.findall(r"\bnexus_[a-z0-9_]+", text)}
    return {
        name
        for name in asked
        if not {name, re.sub(r"_(total|bucket|sum|count)$", "", name)} & CONTRACT
    }


def test_configmap_handler_is_the_example() -> None:
    component = DEPLOY / "components/handlers-configmap/hello.wat"
    assert component.read_text() == (ROOT / "examples/hello.wat").read_text()


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("overlays/*/kustomization.yaml")), ids=str)
def test_overlay_has_four_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) == 4


def test_each_number_of_a_profile_has_its_reason() -> None:
    for path in DEPLOY.glob("components/cpu-*/profile.env"):
        lines = path.read_text().splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            if "=" in line and not line.startswith("#"):
                assert before.startswith(("#", "NEXUS_")), f"{path}: {line}"
