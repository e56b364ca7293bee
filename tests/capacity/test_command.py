"""`nexus capacity`."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nexus.cli.main import command
from nexus.cli.measure import LONGEST_S, SERVER_CPU_S
from tests.support import EXAMPLES

GIVEN = ("--cpu-per-request-us", "2000", "--rate", "500")
SPINS = """(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"""
SLOW = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\0a\\00\\00\\00")
  (data (i32.const 16) "Status: 404\\n\\n")
  (func (export "_start") (local $n i32)
    (local.set $n (i32.const 300000))
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (i32.store (i32.const 4) (i32.const 13))
    (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXUS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NEXUS_COMPILER", "cranelift")


def capacity(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["capacity", *arguments])


def as_json(*arguments: str) -> dict:
    done = capacity(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_table_has_every_profile_and_a_recommendation() -> None:
    done = capacity(*GIVEN)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "CPU per request: 2000 µs (as given)"
    (burst,) = (line for line in lines if line.startswith("burst  "))
    found = " ".join(burst.split())
    assert found == "burst 100m/1000m 700m 2..10 500 50 2 | 3 100.0% 0s 4.2 1.08 4.01 16"
    (edge,) = (line for line in lines if line.startswith("edge  "))
    assert "3!" in edge.split(), "pods that do not carry the rate are marked"
    assert lines[-1].startswith("recommended: latency, because of the profiles that serve")


def test_json_has_the_same() -> None:
    found = as_json(*GIVEN)
    assert (found["cpu_per_request_us"], found["handler_cpu_us"]) == (2000, None)
    assert found["recommended"] == "latency"
    assert set(found["profiles"]) == {"burst", "guaranteed", "throughput", "latency", "edge"}
    burst = found["profiles"]["burst"]
    assert (burst["pods_for_rate"], burst["peak_replicas"]) == (2, 3)
    assert found["trace"] == {"duration_s": 7200, "peak_rate": 1000}


@pytest.mark.parametrize(
    ("scaling", "target"), [("cpu", "700m"), ("in-flight", "5 req"), ("keda", "5 req")]
)
def test_each_way_of_scaling_is_planned(scaling: str, target: str) -> None:
    burst = as_json(*GIVEN, "--scaling", scaling)["profiles"]["burst"]
    assert burst["target"] == target
    assert burst["peak_replicas"] == (3 if scaling == "cpu" else 4)
    assert 2 < burst["latency_ms"] <= burst["worst_latency_ms"] == 16


@pytest.mark.parametrize(("target", "cores"), [("70%", 0.07), ("700m", 0.7), ("1.5", 1.5)])
def test_another_target(target: str, cores: float) -> None:
    found = as_json(*GIVEN, "--profile", "burst", "--target", target)["profiles"]
    assert found["burst"]["target_cores"] == cores
    assert found["latency"]["target_cores"] == 1.0, "the others stay as they are"


def test_70_percent_of_100m_takes_three_times_the_pods() -> None:
    """The two charts of docs/cpu.md."""
    found = as_json(*GIVEN, "--profile", "burst", "--target", "70%")["profiles"]["burst"]
    assert (found["peak_replicas"], found["pod_hours"]) == (10, 12.667)
    assert as_json(*GIVEN)["profiles"]["burst"]["pod_hours"] == 4.158


def test_a_trace_of_ones_own(tmp_path: Path) -> None:
    Path("day.csv").write_text("\ufeffseconds,rate\n0,100\n600,4000\n1200,0\n", encoding="utf-8")
    found = as_json("--cpu-per-request-us", "2000", "--trace", "day.csv")
    assert found["rate"] == 4000
    assert found["trace"] == {"duration_s": 1200, "peak_rate": 4000}
    assert found["profiles"]["latency"]["peak_replicas"] == 8


def test_the_chart_is_a_png() -> None:
    done = capacity(*GIVEN, "--profile", "burst", "--chart", "chart.png")
    assert done.exit_code == 0, done.output
    content = Path("chart.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (640, 520)
    assert "chart.png: profile burst" in done.stderr


def test_the_largest_numbers_are_no_fault_of_ours() -> None:
    found = as_json("--cpu-per-request-us", "1e9", "--rate", "1e8")
    assert found["why"].startswith("none fits")


def test_the_chart_shows_what_is_recommended_by_default() -> None:
    assert "profile latency" in capacity(*GIVEN, "--chart", "chart.png").stderr


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as Python marks what cannot be imported
    done = capacity(*GIVEN, "--chart", "chart.png")
    assert done.exit_code == 2
    assert "pip install '.[capacity]'" in done.stderr
    assert not Path("chart.png").exists()
    assert capacity(*GIVEN).exit_code == 0, "the table needs none"


def test_a_real_handler_is_measured() -> None:
    found = as_json(str(EXAMPLES / "hello.wat"))
    assert found["measured_requests"] == 300
    assert 1 < found["handler_cpu_us"] < 5000
    whole = found["handler_cpu_us"] + SERVER_CPU_S * 1e6
    assert found["cpu_per_request_us"] == pytest.approx(whole, abs=0.2)
    assert found["rate"] == 100


def test_more_work_costs_more(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(bytes(1_000))
    large.write_bytes(bytes(200_000))
    module = str(EXAMPLES / "sha256.wasm")
    costs = [
        as_json(module, "--method", "POST", "--data", f"@{file}")["handler_cpu_us"]
        for file in (small, large)
    ]
    assert costs[1] > 5 * costs[0]


def test_an_answer_that_is_an_error_is_warned_of() -> None:
    Path("slow.wat").write_text(SLOW)
    done = capacity("slow.wat")
    assert done.exit_code == 0, done.output
    assert "warning: it answers with 404" in done.stderr


def test_a_handler_that_fails_is_not_measured() -> None:
    """As a whole process: `main` shows the error."""
    Path("spins.wat").write_text(SPINS)
    Path("spins.toml").write_text("timeout_ms = 200\n")
    done = subprocess.run(
        [sys.executable, "-c", "from nexus.cli import main; main()", "capacity", "spins.wat"],
        capture_output=True,
        text=True,
        timeout=10 * LONGEST_S,
    )
    assert done.returncode == 1
    assert "error: TIMEOUT" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give either MODULE, to measure it, or --cpu-per-request-us"),
        ((str(EXAMPLES / "hello.wat"), *GIVEN), "give either MODULE"),
        ((*GIVEN, "--target", "70%"), "name it with --profile"),
        ((*GIVEN, "--profile", "burst", "--target", "lots"), "--target 'lots': use a percentage"),
        ((*GIVEN, "--profile", "burst", "--target", "0%"), "--target '0%': use a percentage"),
        (
            (*GIVEN, "--scaling", "keda", "--profile", "burst", "--target", "70%"),
            "--target is one of CPU; with --scaling keda drop it",
        ),
        ((*GIVEN, "--profile", "fast"), "'fast' is not one of 'burst'"),
        (("--cpu-per-request-us", "0"), "0.0 is not in the range"),
        ((*GIVEN, "--rate", "0"), "0.0 is not in the range"),
        ((*GIVEN, "--trace", "none.csv"), "'none.csv' does not exist"),
        ((*GIVEN, "--chart", "no/such/folder.png"), "No such file or directory"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], problem: str) -> None:
    done = capacity(*arguments)
    assert done.exit_code == 2
    assert problem in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"0,1\nten,2\n", "line 2: found 'ten,2'"),
        (b"0,0\n10,0\n", "no requests at all"),
        (b"\xff\xfe", "can't decode"),
    ],
)
def test_a_bad_trace_is_refused(content: bytes, problem: str) -> None:
    Path("bad.csv").write_bytes(content)
    done = capacity(*GIVEN, "--trace", "bad.csv")
    assert done.exit_code == 2
    assert problem in done.stderr


def test_other_commands_start_without_what_this_one_needs() -> None:
    code = (
        "import sys, nexus.cli; sys.exit(bool({'matplotlib', 'nexus.capacity'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
