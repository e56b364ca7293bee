"""Nexus and its peers with one worker of four threads each, for `bench.stalled`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench import wsgi_servers
from bench.server import ROOT
from bench.stalled_clients import CERTIFICATE
from tests.wat import ECHO, prints, writes

THREADS = 4
CONTESTANTS = ("Nexus", "gthread", "waitress", "granian")
_NEXUS = (sys.executable, "-c", "from nexus.cli import main; main()", "serve")
_APP = "bench.apps.stalled:app"
_CONNECTIONS = 10_000
WITH_TLS: dict[str, tuple[str, ...]] = {
    "Nexus": (),  # by gunicorn's variable, below
    "gthread": ("--certfile", str(CERTIFICATE), "--keyfile", str(CERTIFICATE)),
    "granian": ("--ssl-certificate", str(CERTIFICATE), "--ssl-keyfile", str(CERTIFICATE)),
}
"""what makes them speak TLS; waitress cannot"""


def installed(name: str) -> bool:
    """Return whether a contestant can be run here."""
    return name == "Nexus" or wsgi_servers.installed(name)


def _command(name: str) -> list[str]:
    if name == "Nexus":
        return list(_NEXUS)
    return wsgi_servers.SERVERS[name](_APP, THREADS, _CONNECTIONS)


@contextmanager
def running(name: str, *, tls: bool) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a contestant; yield its process and port; kill it and its workers in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [part.replace("PORT", str(port)) for part in _command(name)]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        if name == "Nexus":
            environ |= _nexus_environ(Path(folder), port, tls)
        process = subprocess.Popen(
            [*command, *(WITH_TLS[name] if tls else ())],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process, port
        finally:
            with suppress(ProcessLookupError):  # its workers, too: they share a session
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _nexus_environ(folder: Path, port: int, tls: bool) -> dict[str, str]:
    handlers = folder / "handlers"
    handlers.mkdir()
    (handlers / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (handlers / "echo.wat").write_text(ECHO)
    (handlers / "large.wat").write_text(writes(64))
    return {
        "NEXUS_HANDLERS_DIR": str(handlers),
        "NEXUS_BIND": f"127.0.0.1:{port}",
        "NEXUS_WORKERS": "1",
        "NEXUS_THREADS": str(THREADS),
        "NEXUS_COMPILER": "cranelift",
        "NEXUS_ACCESS_LOG": "false",
        "NEXUS_TIMEOUT_MS": "1000",
        "NEXUS_DRAIN_DELAY_MS": "0",
        "GUNICORN_CMD_ARGS": f"--certfile {CERTIFICATE} --keyfile {CERTIFICATE}" if tls else "",
    }


def peak_mib(pid: int) -> int:
    """Return the most resident memory of a process and its workers together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    peak = 0
    for process in (str(pid), *children):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak += int(line.split()[1]) >> 10
    return peak
