"""Runs a server for a benchmark: Nexus, or another application with the same settings."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from bench.wsgi_servers import SERVERS

ROOT = Path(__file__).parents[1]
THREADS = 8
_START_TIMEOUT_S = 120.0
_HAS_LLVM = find_spec("wasmer_compiler_llvm") is not None
_QUICK = re.compile(r'^nexus_handler_compiler{.*compiler="cranelift".*} [^0]', re.MULTILINE)
"""Matches the metric of a handler that serves with the quick compiler's code."""


class Server:
    """A server under test: a context manager that waits until the server answers, and ends it."""

    def __init__(
        self, app: str, path: str, *, server: str = "gthread", workers: int = 1, **environ: str
    ) -> None:
        """*app*: `nexus`, `node`, or a module of `bench.apps`; *path*: the path of the requests;
        *server*: one of `bench.wsgi_servers`, for such a module; *environ*: environment variables
        for Nexus."""
        self.port = _free_port()
        self._is_nexus = app == "nexus"
        self._has_llvm = _HAS_LLVM and environ.get("NEXUS_COMPILER") != "cranelift"
        self.url = f"http://127.0.0.1:{self.port}{path}"
        if app == "node":
            command = ["node", str(ROOT / "bench" / "apps" / "node.mjs")]
        else:
            command = (
                _nexus(workers, environ)
                if app == "nexus"
                else SERVERS[server](f"bench.apps.{app}:app", THREADS, THREADS + 100)
            )
        env = {
            **os.environ,
            "NEXUS_ACCESS_LOG": "false",
            "NEXUS_LOG_LEVEL": "error",
            "NEXUS_HANDLERS_DIR": str(ROOT / "bench" / "handlers"),
            "NEXUS_BIND": f"127.0.0.1:{self.port}",
            "NEXUS_THREADS": str(THREADS),
            "BENCH_BIND": f"127.0.0.1:{self.port}",
            **environ,
        }
        command = [part.replace("PORT", str(self.port)) for part in command]
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)

    def __enter__(self) -> Server:
        try:
            self._wait_for(self.url)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def wait_settled(self) -> None:
        """Wait until Nexus has warmed its instances and serves all handlers with its best
        compiler's code: a compilation doubles the latencies that are measured meanwhile."""
        if self._is_nexus:
            base = f"http://127.0.0.1:{self.port}"
            self._wait_for(f"{base}/readyz")
            self._wait_for(
                f"{base}/metrics", lambda page: not (self._has_llvm and _QUICK.search(page))
            )

    def _wait_for(self, url: str, holds: Callable[[str], object] = lambda page: True) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=5) as response:
                    if holds(response.read().decode(errors="replace")):  # may be a picture
                        return
            except urllib.error.HTTPError as error:
                if error.code != 503:  # 503: the server is still loading its handlers
                    raise
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"{url} did not come up")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


def _nexus(workers: int, environ: dict[str, str]) -> list[str]:
    return [
        *(sys.executable, "-c", "from nexus.cli import main; main()", "serve"),
        *("--workers", str(workers), "--threads", environ.get("NEXUS_THREADS", str(THREADS))),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
