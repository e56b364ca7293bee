"""A real PostgreSQL server on loopback."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

FOLDERS = "/usr/lib/postgresql"
NO_CLUSTER = "/etc/postgresql-common/createcluster.conf"
USER = "nexus"


class PostgresServer:
    """A server that can be stopped, started again and halted, with its data in *folder*."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._data = programs, folder / "data"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"
        # The server refuses to run as root.
        self._as = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        if self._as is not None:
            os.chown(folder, self._as, -1)
        quick = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        self._run("initdb", "-D", str(self._data), "-U", USER, *quick)

    def start(self) -> None:
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "fsync": "off"}
        options |= {"unix_socket_directories": self._folder, "max_connections": 200}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *settings],
                stdout=log,
                stderr=log,
                user=self._as,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end, (self._folder / "log").read_text()
            time.sleep(0.05)  # between two looks; the deadline bounds them

    def stop(self) -> None:
        """End it at once, connections included."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)
            self._process = None

    def halt(self, *, on: bool) -> None:
        """Let all its processes stand still, or go on."""
        assert self._process is not None
        for found in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = found.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[1]) == self._process.pid or found.parent.name == str(self._process.pid):
                os.kill(int(found.parent.name), signal.SIGSTOP if on else signal.SIGCONT)

    def execute(self, statement: str) -> tuple[Any, ...] | None:
        """Return the first row of the answer, if it has rows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            answer = connection.execute(statement)  # type: ignore[call-overload]
            return answer.fetchone() if answer.description else None

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        ended = subprocess.run(command, user=self._as, capture_output=True, timeout=120)
        assert ended.returncode == 0, ended.stderr.decode()


def programs() -> Path:
    """Return the folder of the server's programs, from Debian where they are not here yet."""
    for _ in range(2):
        on_path = shutil.which("postgres")
        found = sorted(Path(FOLDERS).glob("*/bin/postgres"))
        if on_path or found:
            return Path(on_path).resolve().parent if on_path else found[-1].parent
        _install()
    pytest.skip(f"apt-get has installed no server below {FOLDERS}")


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("PostgreSQL is not here, and only root with apt-get can install it")
    with open(Path(tempfile.gettempdir(), "nexus-tests-apt.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        # Debian's package makes and starts a server unless this file says otherwise.
        Path(NO_CLUSTER).parent.mkdir(exist_ok=True)
        Path(NO_CLUSTER).write_text("create_main_cluster = false\n")
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = (
            "install --yes --no-install-recommends -o Dpkg::Options::=--force-confold postgresql"
        )
        for command in ("update", install):
            ended = subprocess.run(
                ["apt-get", "-qq", *command.split()], env=environ, capture_output=True, timeout=600
            )
            if ended.returncode != 0:
                said = ended.stderr.decode(errors="replace").strip()[-300:]
                pytest.skip(f"apt-get cannot install postgresql: {said}")
