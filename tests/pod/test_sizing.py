from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.config import Settings
from nexus.pod.profiles import PROFILES
from nexus.pod.sizing import COMPILER_BYTES, MASTER_BYTES, MIB, WORKER_BYTES, Demand, size

DEMAND = Demand(max_instances=10, memory_limit_mb=32, max_queue=100)
AMPLE = 64 << 30


@pytest.mark.parametrize(
    ("profile", "cores", "workers"),
    [
        ("none", 0.5, 1),
        ("none", 2.0, 2),
        ("none", 2.1, 3),
        ("burst", 1.0, 1),
        ("burst", 64.0, 4),
        ("guaranteed", 4.0, 4),
        ("guaranteed", 2.5, 2),
        ("guaranteed", 0.5, 1),
        ("throughput", 7.5, 8),
        ("latency", 64.0, 4),
        ("edge", 8.0, 1),
    ],
)
def test_workers_by_profile(profile: str, cores: float, workers: int) -> None:
    assert size(cores, AMPLE, DEMAND, PROFILES[profile]).workers.value == workers


def test_threads_and_connections_follow_the_pool() -> None:
    found = size(1.0, AMPLE, DEMAND, PROFILES["none"])
    assert (found.threads.value, found.worker_connections.value) == (10, 110)


def test_those_whom_a_policy_orders_have_threads() -> None:
    demand = Demand(max_instances=6, memory_limit_mb=32, max_queue=100, ordered=True)
    assert size(2.0, None, demand, PROFILES["none"]).threads.value == 6 + 18
    few = replace(demand, max_queue=5)
    assert size(2.0, None, few, PROFILES["none"]).threads.value == 6 + 5
    many = replace(demand, max_instances=900, max_queue=100_000)
    assert size(2.0, None, many, PROFILES["none"]).threads.value == 1000
    assert size(2.0, None, replace(demand, threads=7), PROFILES["none"]).threads.value == 7


def test_memory_is_counted_part_by_part() -> None:
    found = size(2.0, AMPLE, replace(DEMAND, cache_bytes=16 * MIB), PROFILES["none"])
    assert {part.name: part.value for part in found.memory} == {
        "master": MASTER_BYTES,
        "compiler": COMPILER_BYTES["llvm"],
        "base": 2 * WORKER_BYTES,
        "instances": 2 * 10 * 32 * MIB,
        "javascript": 2 * 48 * MIB,
        "cache": 16 * MIB,
    }
    assert found.needed_bytes == (32 + 136 + 80 + 640 + 96 + 16) * MIB


def test_runtimes_are_counted_by_engine_and_thread() -> None:
    def memory(**fields: object) -> dict[str, int]:
        demand = replace(DEMAND, compiler="cranelift", workers=2, threads=8, **fields)
        return {p.name: p.value // MIB for p in size(2.0, AMPLE, demand, PROFILES["none"]).memory}

    assert memory()["javascript"] == 2 * 48
    assert memory(engine="wasmer")["javascript"] == 2 * (8 + 8 * 39)
    assert "python" not in memory()
    found = memory(python=True)
    assert (found["python"], found["compiler"]) == (2 * 280, 330)
    assert memory(engine="wasmer", python=True)["python"] == 2 * (16 + 8 * 165)


def test_memory_bounds_workers() -> None:
    found = size(8.0, 1024 * MIB, DEMAND, PROFILES["throughput"])
    assert found.workers.value == 2
    assert found.warning is None
    assert found.workers.why.endswith("the memory limit has room for 2")


def test_what_is_set_stands_and_the_warning_says_by_how_much() -> None:
    demand = replace(DEMAND, workers=2, threads=4, compiler="cranelift")
    found = size(1.0, 640 * MIB, demand, PROFILES["none"])
    assert (found.workers.value, found.threads.value) == (2, 4)
    # 32 + 64 + 80 + 640 + 2 x 48 = 912 MiB; 5 instances less of 2 x 32 MiB are 320 less
    assert found.warning == (
        "memory does not fit by 272 MiB: 2 workers may come to need 912 MiB, the limit is "
        "640 MiB; NEXUS_MAX_INSTANCES=5 would fit"
    )
    advised = replace(demand, max_instances=5)
    assert size(1.0, 640 * MIB, advised, PROFILES["none"]).warning is None


def test_advice_where_no_pool_fits() -> None:
    found = size(1.0, 100 * MIB, DEMAND, PROFILES["none"])
    assert found.warning is not None
    assert "raise the memory limit to 576 MiB" in found.warning


def test_unknown_memory_is_not_warned_of() -> None:
    assert size(1.0, None, DEMAND, PROFILES["none"]).warning is None


@given(
    cores=st.floats(0.01, 300),
    limit=st.integers(1, 1 << 40) | st.none(),
    instances=st.integers(1, 1000),
    each_mb=st.integers(1, 4096),
    profile=st.sampled_from(sorted(PROFILES)),
)
def test_derived_numbers_fit_or_are_least(
    cores: float, limit: int | None, instances: int, each_mb: int, profile: str
) -> None:
    demand = Demand(max_instances=instances, memory_limit_mb=each_mb, max_queue=0)
    found = size(cores, limit, demand, PROFILES[profile])
    assert 1 <= found.workers.value <= 256
    assert 1 <= found.threads.value <= 1000
    if limit is not None:
        assert (found.warning is None) == (found.needed_bytes <= limit)
        assert found.warning is None or found.workers.value == 1


def test_settings_name_the_same_profiles() -> None:
    annotation = Settings.model_fields["cpu_profile"].annotation
    assert set(annotation.__args__) == PROFILES.keys()  # type: ignore[union-attr]
