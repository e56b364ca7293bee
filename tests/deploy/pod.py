"""A profile's pod, for real: a server in a cgroup (version 1) with the profile's CPU and memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.facts import Facts
from tests.deploy.render import ROOT

CPU, MEMORY = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/memory")
PERIOD_US = 100_000
JAVASCRIPT = "export default { fetch: (request) => Response.json({ path: request.url }) };\n"
PYTHON = """def fetch(request):
    return {"status": 200, "headers": {"content-type": "text/plain"}, "body": "hello"}
"""


WEBASSEMBLY = (ROOT / "examples/hello.wat").read_text()
HANDLERS = {"wasm": (4, "wat", WEBASSEMBLY), "js": (4, "js", JAVASCRIPT), "py": (2, "py", PYTHON)}
"""By kind: how many of them, their files' ending, their source."""


def handlers(folder: Path, kinds: Iterable[str] = HANDLERS) -> list[str]:
    """Write handlers of those *kinds*, by default four in JavaScript, four in WebAssembly and two
    in Python; return their names."""
    names = []
    for kind in kinds:
        count, ending, source = HANDLERS[kind]
        for number in range(count):
            (folder / f"{kind}{number}.{ending}").write_text(source)
            names.append(f"{kind}{number}")
    return names


class Groups:
    """One cgroup of each controller."""

    def __init__(self, name: str, cores: float | None, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.cpu, self.memory = CPU / name, self._own_memory() / name
        for folder in (self.cpu, self.memory):
            folder.mkdir()
        (self.cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        quota = -1 if cores is None else round(cores * PERIOD_US)
        (self.cpu / "cpu.cfs_quota_us").write_text(str(quota))
        (self.memory / "memory.limit_in_bytes").write_text(str(memory_bytes))

    @staticmethod
    def _own_memory() -> Path:
        """The group of this process: outside of it there may be no permission."""
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                return MEMORY / path.lstrip("/")
        raise OSError("there is no memory controller of version 1")

    def join(self) -> None:
        """Move this process into both; call between fork and exec."""
        for folder in (self.cpu, self.memory):
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    @property
    def kills(self) -> int:
        """How many processes the kernel has killed for memory."""
        text = (self.memory / "memory.oom_control").read_text()
        return int(dict(line.split() for line in text.splitlines())["oom_kill"])

    @property
    def rss_bytes(self) -> int:
        """The memory that cannot be taken back: without files' pages."""
        stat = dict(line.split() for line in (self.memory / "memory.stat").read_text().splitlines())
        return int(stat["total_rss"]) + int(stat.get("total_shmem", 0))

    def periods(self) -> tuple[int, int]:
        """Periods with a wish for CPU, and those of them that were throttled."""
        stat = dict(line.split() for line in (self.cpu / "cpu.stat").read_text().splitlines())
        return int(stat["nr_periods"]), int(stat["nr_throttled"])

    def remove(self) -> None:
        """Kill what is left, and delete both."""
        give_up = time.monotonic() + 30
        for folder in (self.cpu, self.memory):
            while time.monotonic() < give_up:
                for pid in (folder / "cgroup.procs").read_text().split():
                    with suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                with suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.05)  # the kernel has not yet taken the killed processes out


class Peak:
    """The most memory that could not be taken back, by looking again and again."""

    LOOK_S = 0.02

    def __init__(self, groups: Groups) -> None:
        self._groups, self.rss_bytes, self._stopped = groups, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(self.LOOK_S):
            self.rss_bytes = max(self.rss_bytes, self._groups.rss_bytes)


@dataclass
class Pod:
    """A running server of one profile."""

    facts: Facts
    groups: Groups
    process: subprocess.Popen[bytes]
    port: int
    management: int
    log: Path
    peak: Peak

    def get(self, path: str, port: int | None = None, timeout_s: float = 10) -> int:
        """Return the status of the answer; 0 without one."""
        url = f"http://127.0.0.1:{port or self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=timeout_s) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def ready_s(self) -> float | None:
        """Wait as long as the startup probe does; return the seconds, None: not ready by then."""
        probe = self.facts.container["startupProbe"]
        began = time.monotonic()
        give_up = began + probe["periodSeconds"] * probe["failureThreshold"]
        while time.monotonic() < give_up and self.process.poll() is None:
            if self.get("/readyz", self.management) == 200:
                return time.monotonic() - began
            time.sleep(0.1)  # between two looks, bounded above
        return None


@contextmanager
def pod(
    facts: Facts,
    folder: Path,
    cache: Path,
    ports: tuple[int, int],
    memory_mib: int | None = None,
) -> Iterator[Pod]:
    """Run a pod on the handlers in *folder*; *memory_mib*: not with its own limit."""
    profile = facts.settings.cpu_profile
    memory_bytes = facts.memory_bytes if memory_mib is None else memory_mib << 20
    groups = Groups(f"nexus-{profile}-{os.getpid()}", facts.limit_cores, memory_bytes)
    log = cache.parent / f"{profile}.log"
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", "from nexus.cli import main; main()", "serve"],
                env=environment(facts, folder, cache, ports),
                stdout=output,
                stderr=output,
                preexec_fn=groups.join,
            )
        with Peak(groups) as peak:
            yield Pod(facts, groups, process, *ports, log, peak)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(facts.pod["terminationGracePeriodSeconds"])
    finally:
        groups.remove()


def environment(facts: Facts, folder: Path, cache: Path, ports: tuple[int, int]) -> dict[str, str]:
    """The container's environment, on this machine's folders and ports."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("NEXUS_")},
        **facts.environ,
        "NEXUS_BIND": f"127.0.0.1:{ports[0]}",
        "NEXUS_MANAGEMENT_BIND": f"127.0.0.1:{ports[1]}",
        "NEXUS_HANDLERS_DIR": str(folder),
        "NEXUS_CACHE_DIR": str(cache),
        "NEXUS_ACCESS_LOG": "false",
        "NEXUS_DRAIN_DELAY_MS": "0",
        "PYTHONPATH": str(ROOT),
    }


@dataclass
class Load:
    """Clients that ask for all handlers in turn, each for the next when it has an answer."""

    pod: Pod
    names: list[str]
    statuses: dict[int, int] = field(default_factory=dict)
    times_s: list[float] = field(default_factory=list)

    def run(self, clients: int, seconds: float) -> None:
        """Ask for *seconds* with that many *clients*."""
        self._until = time.monotonic() + seconds
        threads = [threading.Thread(target=self._ask, args=[n]) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, turn: int) -> None:
        while time.monotonic() < self._until:
            began = time.monotonic()
            status = self.pod.get(f"/{self.names[turn % len(self.names)]}", timeout_s=30)
            self.times_s.append(time.monotonic() - began)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            turn += 1

    def p99_s(self) -> float:
        """Return the 99th percentile of the answers' times."""
        found = sorted(self.times_s)
        return found[min(len(found) - 1, len(found) * 99 // 100)]
