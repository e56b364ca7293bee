"""A real server on loopback, serving a folder made by the test module."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLUSH_S = 0.6
"""workers write their figures each half second, one after the other and not all at once"""

SPIN = '(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))'
TRAP = '(module (memory (export "memory") 1) (func (export "_start") unreachable))'
SILENT = '(module (memory (export "memory") 1) (func (export "_start")))'
START_SPINS = """(module (memory (export "memory") 1) (func $s (loop br 0)) (start $s)
  (func (export "_start")))"""
ENV = '(module (import "env" "foo" (func)) (memory (export "memory") 1) (func (export "_start")))'


@dataclass
class Answer:
    status: int
    headers: Message
    """found by their names in any case: granian writes them in lower case"""
    body: bytes


class Scrape:
    """One answer of `/metrics`: figures are compared with others of the same."""

    def __init__(self, rows: list[str]) -> None:
        self._rows = rows

    def __getitem__(self, line: str) -> float:
        """What the lines that begin with *line* say, added up."""
        return sum(float(row.split()[-1]) for row in self._rows if row.startswith(line))

    def figures(self) -> list[str]:
        """All of Nexus's lines but those that go on by themselves."""
        mine = [row for row in self._rows if row.startswith("nexus_")]
        return [row for row in mine if not row.startswith("nexus_cpu_")]


class Server:
    """One running `nexus serve`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        port: int,
        log: Path,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.process, self.port, self.tls = process, port, tls
        self.log = log
        """all that the server wrote to stdout and stderr"""

    def get(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        scheme = "http" if self.tls is None else "https"
        request = urllib.request.Request(
            f"{scheme}://127.0.0.1:{self.port}{path}", data=body, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.tls) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def metric(self, line: str) -> float:
        """What the lines of `/metrics` that begin with *line* say now, added up."""
        return self.scrape()[line]

    def scrape(self) -> Scrape:
        return Scrape(self.get("/metrics").body.decode().splitlines())

    def scrape_when(self, holds: Callable[[Scrape], bool]) -> Scrape:
        """The first answer of `/metrics` that *holds*, and the next of which is the same."""
        last: Scrape | None = None

        def settled() -> bool:
            nonlocal last
            before, last = last, self.scrape()
            return before is not None and holds(last) and before.figures() == last.figures()

        until(settled, look_s=FLUSH_S)
        assert last is not None
        return last

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}


def until(holds: Callable[[], bool], timeout_s: float = 60.0, look_s: float = 0.05) -> None:
    """Ask again and again until it *holds*."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(look_s)  # between two looks; the deadline bounds them


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVERS = ("gunicorn", "granian")
_chosen = {"server": "gunicorn"}
"""what `serving` starts unless a test says otherwise"""


def chosen() -> str:
    """The server that this test runs with."""
    return _chosen["server"]


@pytest.fixture(scope="module", params=SERVERS, autouse=True)
def http_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test here runs with each server: `nexus serve --server NAME`."""
    _chosen["server"] = str(request.param)
    yield str(request.param)
    _chosen["server"] = "gunicorn"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a test that is about gunicorn alone, or granian alone, out of the other's."""

    def other(item: pytest.Item) -> bool:
        marker = item.get_closest_marker("only")
        callspec = getattr(item, "callspec", None)
        if marker is None or callspec is None:
            return False
        return callspec.params.get("http_server", marker.args[0]) != marker.args[0]

    left_out = [item for item in items if other(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not other(item)]


@pytest.fixture(scope="module")
def server(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("handlers")
    for name in ("hello.wat", "sha256.wasm", "sha256.toml"):
        (folder / name).write_bytes((ROOT / "examples" / name).read_bytes())
    (folder / "counted.wat").write_bytes((ROOT / "examples" / "hello.wat").read_bytes())
    sources = {
        "spin": SPIN,
        "trap": TRAP,
        "silent": SILENT,
        "startspin": START_SPINS,
        "env": ENV,
        "badmanifest": SILENT,
    }
    for name, source in sources.items():
        (folder / f"{name}.wat").write_text(source)
    (folder / "spin.toml").write_text("timeout_ms = 300\n")
    (folder / "startspin.toml").write_text("timeout_ms = 300\n")
    (folder / "badmanifest.toml").write_text('timeout = "5s"\n')
    (folder / "cut.wasm").write_bytes(b"\0asm\1\0\0\0\1\5")
    with serving(folder, tmp_path_factory.mktemp("server")) as running:
        yield running


@contextmanager
def serving(
    folder: Path,
    scratch: Path,
    socket_path: Path | None = None,
    *,
    certificate: Path | None = None,
    descriptors: int | None = None,
    ready_port: int | None = None,
    ready_path: str = "/readyz",
    **environ: str,
) -> Iterator[Server]:
    """Run `nexus serve` on *folder* with two workers; cache and log are in *scratch*. It also
    listens on a Unix socket at *socket_path*, if there is one. With a *certificate* (and its key in
    the same file) it speaks TLS. *descriptors*: how many files each process may have open.
    *ready_port*: where `/readyz` is, if not on the main port. *ready_path*: what to wait for
    instead."""
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(cafile=str(certificate))
        arguments = f"--certfile {certificate} --keyfile {certificate}"
        environ = {"GUNICORN_CMD_ARGS": arguments, **environ}
    port = free_port()
    log = scratch / "serve.log"
    if socket_path is not None:
        both = f"--bind 127.0.0.1:{port} --bind unix:{socket_path}"
        environ = {**environ, "GUNICORN_CMD_ARGS": both}
    command = [sys.executable, "-c", "from nexus.cli import main; main()", "serve"]
    if descriptors is not None:
        command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command,
            env={
                **os.environ,
                "NEXUS_HANDLERS_DIR": str(folder),
                "NEXUS_BIND": f"127.0.0.1:{port}",
                "NEXUS_CACHE_DIR": str(scratch / "cache"),
                "NEXUS_COMPILER": "cranelift",
                "NEXUS_SERVER": _chosen["server"],
                "NEXUS_WORKERS": "2",
                "NEXUS_DRAIN_DELAY_MS": "0",  # no balancer has to notice first
                "PYTHONPATH": str(ROOT),
                **environ,
            },
            stdout=output,
            stderr=output,
        )
    running = Server(process, port, log, tls)
    try:
        wait_ready(Server(process, ready_port or port, log, tls), log, ready_path)
        if not environ.keys() & {"NEXUS_LOG_LEVEL", "NEXUS_LOG_FORMAT", "NEXUS_WORKERS"}:
            until(lambda: all_have_loaded(log.read_text(), 2))
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def all_have_loaded(log: str, workers: int) -> bool:
    """Return whether each worker serves all its handlers. The server is ready when one worker is,
    and a worker serves first what needs no language compiled."""
    return log.count("with problems, engine") >= workers + log.count("serving the others while")


def wait_ready(server: Server, log: Path, path: str = "/readyz") -> None:
    """Wait until it answers that it is ready."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if server.get(path).status == 200:
                return
        except OSError:
            time.sleep(0.1)  # not listening yet: polled, bounded by the deadline above
    raise AssertionError(f"the server did not become ready:\n{log.read_text()}")
