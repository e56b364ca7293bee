"""A real process in a real group: what the kernel enforces is what we read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CONTROLLER = Path("/sys/fs/cgroup/cpu")  # version 1
QUOTA_US, PERIOD_US = 50_000, 100_000
QUOTA_S = QUOTA_US / 1e6
MOST_SHARES = 1 << 18
"""256 times the usual: beside other busy processes the group still gets more than its quota wants,
so that the quota, and not the scheduler, is what holds it back"""

SPIN = """
import json, os, sys, time
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
from nexus.pod import quota, throttling
before, cpu_s = throttling(), time.process_time()
give_up = time.monotonic() + 60
after = before
while after.throttled_periods < before.throttled_periods + 10 and time.monotonic() < give_up:
    after = throttling()
print(json.dumps({
    "cores": quota().cores,
    "source": quota().source,
    "cpu_s": time.process_time() - cpu_s,
    "periods": after.periods - before.periods,
    "throttled_periods": after.throttled_periods - before.throttled_periods,
    "throttled_s": after.throttled_s - before.throttled_s,
}))
"""


@pytest.fixture
def group() -> Iterator[Path]:
    folder = CONTROLLER / f"nexus-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (folder / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
        (folder / "cpu.shares").write_text(str(MOST_SHARES))
    except OSError as error:
        pytest.skip(f"no cgroup v1 cpu controller that this user may write: {error}")
    yield folder
    folder.rmdir()


def test_half_a_core(group: Path) -> None:
    """Counted in the kernel's periods, not in seconds: a busy machine makes them no different."""
    # The child joins the group by itself before it spins; only it is held back.
    done = subprocess.run(
        [sys.executable, "-c", SPIN, str(group)], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cores"] == 0.5
    assert found["source"] == f"cpu.cfs_quota_us of group /{group.name}"
    assert found["periods"] >= found["throttled_periods"] >= 10
    assert found["throttled_s"] > 0
    assert found["cpu_s"] < (found["periods"] + 2) * QUOTA_S
