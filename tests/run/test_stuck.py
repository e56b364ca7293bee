"""The last resort, in child processes, since it ends them. All run at once, to be quick."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import ROOT

PROGRAM = """
import re, sys, time
from nexus.run.watchdog import Watchdog

class Run:
    execution_id = "run"
    cancelled = False
    def __init__(self, timeout_s):
        self.deadline = time.monotonic() + timeout_s
    def cancel(self):
        self.cancelled = True

def hold_the_gil():
    re.match("(a+)+$", "a" * 64 + "b")

def until(done):
    while not done():
        time.sleep(0.002)

stacks = open(sys.argv[1], "w")
watchdog = Watchdog(1.2, stuck_log=stacks.fileno())
watchdog.start()
{}
watchdog.close()
print("ended by itself")
"""

DOES_NOT_STOP = {
    "it waits for ever": "watchdog.watch(Run(0.05))\ntime.sleep(60)",
    "it holds the GIL after the cancel": """
run = Run(0.05)
watchdog.watch(run)
until(lambda: run.cancelled)
hold_the_gil()""",
    "it holds the GIL before the cancel": "watchdog.watch(Run(0.05))\nhold_the_gil()",
    "the GIL is held between requests": """
for _ in range(9):
    watchdog.unwatch(watchdog.watch(Run(9)))
hold_the_gil()""",
    "another late one ended first": """
first, second = Run(0.05), Run(0.1)
watch = watchdog.watch(first)
watchdog.watch(second)
until(lambda: second.cancelled)
watchdog.unwatch(watch)
time.sleep(60)""",
    "others run late after it": """
watchdog.watch(Run(0.05))
for _ in range(40):
    run = Run(0.0)
    watchdog.watch(run)
    until(lambda: run.cancelled)
    time.sleep(0.1)""",
}

STOPS = {
    "idle": "time.sleep(3)",
    "a long run": "watch = watchdog.watch(Run(60))\ntime.sleep(3)\nwatchdog.unwatch(watch)",
    "one that is late for a while": """
run = Run(0)
watch = watchdog.watch(run)
until(lambda: run.cancelled)
time.sleep(0.4)
watchdog.unwatch(watch)
time.sleep(2)""",
    # There is always a late one, but none is late for long.
    "one late run after another": """
late = []
for _ in range(12):
    run = Run(0.0)
    late.append(watchdog.watch(run))
    until(lambda: run.cancelled)
    time.sleep(0.2)
    if len(late) > 1:
        watchdog.unwatch(late.pop(0))
watchdog.unwatch(late.pop())""",
    "one whose deadline was long past": """
run = Run(-60)
watch = watchdog.watch(run)
until(lambda: run.cancelled)
time.sleep(0.1)
assert not watchdog.stuck
watchdog.unwatch(watch)
time.sleep(2)""",
    "closed": "watchdog.close()\ntime.sleep(3)",
}


class Ended(NamedTuple):
    """How a child ended, and what the timer wrote."""

    code: int
    stdout: str
    stderr: str
    stacks: str


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ended]]:
    folder = tmp_path_factory.mktemp("stacks")

    def start(name: str, code: str) -> subprocess.Popen[str]:
        program = PROGRAM.format(code)
        return subprocess.Popen(
            [sys.executable, "-c", program, str(folder / name)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    running = {name: start(name, code) for name, code in {**DOES_NOT_STOP, **STOPS}.items()}
    try:
        yield {name: _end(child, folder / name) for name, child in running.items()}
    finally:
        for child in running.values():
            child.kill()
            child.wait()


def _end(child: subprocess.Popen[str], stacks: Path) -> Ended:
    stdout, stderr = child.communicate(timeout=60)
    return Ended(child.returncode, stdout, stderr, stacks.read_text())


@pytest.mark.parametrize("name", DOES_NOT_STOP)
def test_what_does_not_stop_ends_the_process(children: dict[str, Ended], name: str) -> None:
    ended = children[name]
    assert (ended.code, ended.stdout) == (1, "")
    assert "most recent call first" in ended.stacks


@pytest.mark.parametrize("name", STOPS)
def test_what_stops_in_time_does_not(children: dict[str, Ended], name: str) -> None:
    assert children[name] == Ended(0, "ended by itself\n", "", "")
