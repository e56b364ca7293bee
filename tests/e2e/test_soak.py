"""`bench/soak.py` for ten seconds: bad neighbours, and good handlers all the same."""

from __future__ import annotations

from pathlib import Path

from bench.soak import KINDS, soak


def test_ten_seconds_of_the_soak(tmp_path: Path) -> None:
    result = soak(10, 1, NEXUS_COMPILER="cranelift", NEXUS_CACHE_DIR=str(tmp_path))
    # Memory is for the long one to judge: ten seconds are warming up.
    faults = [fault for fault in result.faults() if not fault.startswith("memory")]
    assert faults == []
    assert len(result.readings) >= 5
    assert sum(result.statuses["hello"].values()) > 100
    assert all(result.statuses[kind.name] for kind in KINDS)
