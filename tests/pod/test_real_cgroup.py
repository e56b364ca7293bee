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

SPIN = """
import json, os, sys, time
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
from nexus.pod import quota, throttling
before = throttling()
began, cpu = time.monotonic(), time.process_time()
while time.monotonic() - began < 1.5:
    pass
after = throttling()
print(json.dumps({
    "cores": quota().cores,
    "source": quota().source,
    "used": (time.process_time() - cpu) / (time.monotonic() - began),
    "periods": after.throttled_periods - before.throttled_periods,
    "seconds": after.throttled_s - before.throttled_s,
}))
"""


@pytest.fixture
def group() -> Iterator[Path]:
    folder = CONTROLLER / f"nexus-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (folder / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
    except OSError as error:
        pytest.skip(f"no cgroup v1 cpu controller that this user may write: {error}")
    yield folder
    folder.rmdir()


def test_half_a_core(group: Path) -> None:
    # The child joins the group by itself before it spins; only it is held back.
    done = subprocess.run(
        [sys.executable, "-c", SPIN, str(group)], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cores"] == 0.5
    assert found["source"] == f"cpu.cfs_quota_us of group /{group.name}"
    assert found["used"] < 0.6  # a machine that is busy with others may give less than the quota
    assert found["periods"] > 0
    assert found["seconds"] > 0
