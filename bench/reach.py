"""`python -m bench.reach`: what do handlers that call other servers cost, and cost others?

1. 100 clients at once ask a JavaScript handler that waits 100 ms for an upstream, in a worker of
   eight threads, while another client, a process of its own, asks for a trivial handler: requests
   a second of the former, latency of the latter.
2. One handler fetches 1 KB some hundred times, one after the other: the time of each, beside
   urllib3 alone.

The upstream is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import urllib3

KILOBYTE = b"x" * 1024
SLOW_S = 0.1
WARM_UP_S = 2.0
"""after it each thread has its instances"""
WAITS = 'export default async () => new Response(await (await fetch("BASE/slow")).text());'
LOOPS = """export default async (request) => {
  const count = Number(new URL(request.url).searchParams.get("count"));
  const began = Date.now();
  for (let i = 0; i < count; i += 1) await (await fetch("BASE/kb")).text();
  return Response.json((Date.now() - began) / count);
};"""
TRIVIAL = 'export default () => new Response("hello");'


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reach", description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--fetches", type=int, default=500)
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        asyncio.run(_serve_upstream(options.upstream))
        return
    if options.ask:
        print(json.dumps(_ask(options.ask, time.monotonic() + options.seconds)))
        return
    with _upstream() as upstream, _server(upstream) as server:
        _crowd(server, options.clients, options.seconds)
        _one_by_one(server, upstream, options.fetches)


def _crowd(server: str, clients: int, seconds: float) -> None:
    _crowd_for(server, clients, WARM_UP_S)
    slow, trivial = _crowd_for(server, clients, seconds)
    print(
        f"{clients} clients, upstream of {SLOW_S * 1000:g} ms: {len(slow) / seconds:.0f}/s", end=""
    )
    print(f", p99 {_p99_ms(slow):.0f} ms")
    p50 = statistics.median(trivial) * 1000
    print(f"trivial beside them: p50 {p50:.1f} ms, p99 {_p99_ms(trivial):.1f} ms ({len(trivial)})")


def _crowd_for(server: str, clients: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return how long each request to either handler took."""
    command = [sys.executable, "-m", "bench.reach", "--ask", f"{server}/trivial"]
    command += ["--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(clients) as pool:
            asked = [pool.submit(_ask, f"{server}/waits", end) for _ in range(clients)]
            slow = [took for asker in asked for took in asker.result()]
        trivial = json.loads(other.communicate()[0])
    return slow, trivial


def _ask(url: str, end: float) -> list[float]:
    """Ask again and again until *end*; return how long each answer took."""
    pool, took = urllib3.PoolManager(), []
    while (began := time.monotonic()) < end:
        answered = pool.request("GET", url, retries=False)
        assert answered.status == 200, answered.data
        took.append(time.monotonic() - began)
    return took


def _one_by_one(server: str, upstream: str, count: int) -> None:
    pool = urllib3.PoolManager()
    for _ in range(2):  # the first round warms up
        began = time.monotonic()
        for _ in range(count):
            assert pool.request("GET", f"{upstream}/kb").data == KILOBYTE
        alone_ms = (time.monotonic() - began) * 1000 / count
        answered = pool.request("GET", f"{server}/loops?count={count}", retries=False)
        assert answered.status == 200, answered.data
        fetch_ms = float(json.loads(answered.data))
    print(f"1 KB: fetch {fetch_ms:.2f} ms, urllib3 alone {alone_ms:.2f} ms", end="")
    print(f", {fetch_ms - alone_ms:.2f} ms more")


def _p99_ms(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)] * 1000


@contextmanager
def _upstream() -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "bench.reach", "--upstream", str(port)]
    with _running(command, f"http://127.0.0.1:{port}/kb", dict(os.environ)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _server(upstream: str) -> Iterator[str]:
    named = {"waits": WAITS, "loops": LOOPS, "trivial": TRIVIAL}
    sources = {name: source.replace("BASE", upstream) for name, source in named.items()}
    with serving(sources, f'http = ["{upstream}"]\n', {}) as base:
        yield base


@contextmanager
def serving(sources: Mapping[str, str], manifest: str, more: Mapping[str, str]) -> Iterator[str]:
    """Serve JavaScript handlers in a worker of eight threads; *more*: settings."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, port = Path(scratch, "handlers"), _free_port()
        folder.mkdir()
        for name, source in sources.items():
            (folder / f"{name}.js").write_text(source)
            (folder / f"{name}.toml").write_text(manifest)
        settings = {"WORKERS": "1", "THREADS": "8", "MAX_INSTANCES": "8", "MAX_QUEUE": "1000"}
        settings |= {"TIMEOUT_MS": "30000", "ACCESS_LOG": "false", "LOG_LEVEL": "error"}
        settings |= {"HANDLERS_DIR": str(folder), "BIND": f"127.0.0.1:{port}"} | more
        environ = os.environ | {f"NEXUS_{name}": value for name, value in settings.items()}
        command = [sys.executable, "-c", "from nexus.cli import main; main()", "serve"]
        base = f"http://127.0.0.1:{port}"
        with _running(command, f"{base}/readyz", environ):
            yield base


@contextmanager
def _running(command: list[str], ready: str, environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environ)
    try:
        while True:
            assert process.poll() is None, f"{command} has ended"
            try:
                urllib.request.urlopen(ready, timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _serve_upstream(port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if head.startswith(b"GET /slow"):
                await asyncio.sleep(SLOW_S)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + KILOBYTE)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=1000)
    await server.serve_forever()


if __name__ == "__main__":
    main()
