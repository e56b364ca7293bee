"""Load by wrk: requests a second and latencies."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

_REQUESTS = re.compile(r"Requests/sec:\s+([0-9.]+)")
_LATENCY = re.compile(r"(50|99)%\s+([0-9.]+)(us|ms|s)\b")
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """The result of one run of wrk."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Post:
    """The body and the headers of each POST request."""

    body: str
    headers: Mapping[str, str]

    def script(self) -> str:
        """Return it as a script for wrk."""
        lines = ['wrk.method = "POST"', f"wrk.body = {_lua(self.body)}"]
        lines += [f"wrk.headers[{_lua(k)}] = {_lua(v)}" for k, v in self.headers.items()]
        return "\n".join(lines)


def _lua(text: str) -> str:
    return '"' + "".join(f"\\{byte:03}" for byte in text.encode()) + '"'


def measure(url: str, *, connections: int, seconds: float, post: Post | None = None) -> Load:
    """Ask *url* over *connections* kept alive for *seconds*; with *post*, by POST.

    Raises: RuntimeError if an answer was not 2xx or 3xx, or a socket failed.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", url]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if post is not None:
            script.write(post.script())
            script.flush()
            command += ["--script", script.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}:\n{said}")
    found = _REQUESTS.search(said)
    if found is None:
        raise RuntimeError(f"wrk said nothing that can be read:\n{said}")
    latency = {name: float(value) * _MS[unit] for name, value, unit in _LATENCY.findall(said)}
    return Load(float(found[1]), latency["50"], latency["99"])


def need_wrk() -> None:
    """End the program if wrk is missing, and say how to install it."""
    if shutil.which("wrk") is None:
        sys.exit("This needs wrk: sudo apt-get install wrk")
