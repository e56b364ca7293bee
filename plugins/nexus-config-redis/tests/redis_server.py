"""A real redis-server on loopback."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

SAME_PROGRAM = "redis-check-rdb"
"""redis-server by another name; Debian's package redis-tools brings it without starting a server"""


def until(holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Ask again and again until it *holds*."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)  # between two looks; the deadline bounds them


class RedisServer:
    """A server that can be stopped and started again, empty, on the same port."""

    def __init__(self, program: Path, folder: Path, *options: str) -> None:
        self._command, self._folder = [str(program), *options], folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        with open(self._folder / "redis.log", "ab") as log:
            self._process = subprocess.Popen(
                [*self._command, *options, "--dir", str(self._folder)], stdout=log, stderr=log
            )
        until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self, **options: str) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True, **options)

    def say(self, key: str = "nexus:settings", **fields: str) -> None:
        """Have exactly these *fields* in the hash, from one moment to the next."""
        with self.client() as client, client.pipeline(transaction=True) as both:
            both.delete(key)
            if fields:
                both.hset(key, mapping=fields)
            both.execute()

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False


def program_in(folder: Path) -> Path:
    """Return redis-server, from Debian where it is not here yet; make a link in *folder*."""
    found = shutil.which("redis-server")
    if found is not None:
        return Path(found)
    link = folder / "redis-server"
    link.symlink_to(shutil.which(SAME_PROGRAM) or installed())
    return link


def installed() -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("redis-server is not here, and only root with apt-get can install it")
    with open(Path(tempfile.gettempdir(), "nexus-tests-apt.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("update", "install --yes --no-install-recommends redis-tools"):
            ended = subprocess.run(
                ["apt-get", "-qq", *command.split()], env=environ, capture_output=True, timeout=300
            )
            if ended.returncode != 0:
                said = ended.stderr.decode(errors="replace").strip()[-300:]
                pytest.skip(f"apt-get cannot install redis-tools: {said}")
    found = shutil.which(SAME_PROGRAM)
    assert found is not None
    return found
