"""Real servers on loopback for stores of versions: PostgreSQL, S3 by moto, a docker-registry."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import free_port, until

S3_KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class PostgresServer:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, programs: Path, folder: Path, user: str | None) -> None:
        self._programs, self._data, self._user = programs, folder / "data", user
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        options = ("--auth=trust", "--username=nexus", "--no-sync", "--encoding=UTF8")
        command = [programs / "initdb", *options, "--locale=C", "--pgdata", self._data]
        subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://nexus@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = ("-p", str(self.port), "-k", "", "-F", "-h", "127.0.0.1")
        command = [self._programs / "postgres", "-D", self._data, *options]
        with open(self._data.parent / "log", "ab") as log:
            self._process = subprocess.Popen(command, user=self._user, cwd="/", stderr=log)
        until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once, without leave of its clients
            self._process.wait()
            self._process = None

    @contextmanager
    def halted(self) -> Iterator[None]:
        """Let all of its processes stand still within a `with` block."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def make_database(self, name: str) -> str:
        self.execute(f"create database {name}")
        return self.url(name)

    def execute(self, statement: Any) -> None:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        main = self._process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *map(int, children)):
            os.kill(process, number)

    def _answers(self) -> bool:
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Run a server; skip the test where PostgreSQL is not installed."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="nexus-postgres-") as scratch:
        user = None
        if os.geteuid() == 0:  # it refuses to run as root
            user = next(name for name in ("postgres", "nobody") if _exists(name))
            shutil.chown(scratch, user)
        server = PostgresServer(programs, Path(scratch), user)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]
    for place in places:
        if all((place / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return place
    pytest.skip("PostgreSQL is not here: apt-get install postgresql")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


class S3Server:
    """moto's server with one bucket, in this process."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        self.port = free_port()
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.environ = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}", **S3_KEYS}

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def make_bucket(self, name: str) -> str:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.environ["AWS_ENDPOINT_URL_S3"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket=name)
        client.close()
        return f"s3://{name}/nexus"


class RegistryServer:
    """A docker-registry that can be stopped and started again on the same port."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "config.yml"
        self.data = folder / "data"
        self._configure("")

    def url(self, repository: str) -> str:
        return f"oci://127.0.0.1:{self.port}/{repository}"

    def start(self) -> None:
        with open(self._folder / "log", "ab") as log:
            command = [self._program, "serve", str(self._config)]
            environ = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
            self._process = subprocess.Popen(command, stderr=log, stdout=log, env=environ)
        until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask_for_a_password(self, user: str, hashed: str) -> None:
        """From the next start on, let only *user* in, whose password is *hashed* by bcrypt."""
        (self._folder / "htpasswd").write_text(f"{user}:{hashed}\n")
        path = self._folder / "htpasswd"
        self._configure(f"auth: {{htpasswd: {{realm: here, path: {path}}}}}\n")

    def _configure(self, more: str) -> None:
        place = f"rootdirectory: {self.data}"
        self._config.write_text(
            f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{{place}}}, "
            "delete: {enabled: true}}\n"
            f'http: {{addr: "127.0.0.1:{self.port}"}}\n{more}'
        )

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def registry() -> Iterator[RegistryServer]:
    """Run a docker-registry; skip the test where there is none."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not here: apt-get install docker-registry")
    with tempfile.TemporaryDirectory(prefix="nexus-registry-") as scratch:
        server = RegistryServer(program, Path(scratch))
        server.start()
        try:
            yield server
        finally:
            server.stop()
