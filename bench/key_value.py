"""`python -m bench.key_value`: reads and writes of the key-value store on SQLite.

1. One flush to the disk (`fdatasync`), alone: no durable write of one thread can be faster.
2. The store, called natively: `get` and `put` by one thread and by eight.
3. The same calls by JavaScript handlers, in a worker of eight threads: for one client and eight.

Each value written differs from the last: SQLite flushes nothing for a value that is there already.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import urllib3

from bench.reach import serving
from nexus.plugin_api.stores import Terms
from nexus.stores.sqlite import SqliteStore

TERMS = Terms(30.0, 100 << 20)
CALLS = {
    "get": 'await env.KV.get("key")',
    "put": "await env.KV.put(`${id}-${i % 100}`, `${Math.random()}`.padEnd(100))",
}
HANDLER = """export default { async fetch(request, env) {
  const url = new URL(request.url), id = url.searchParams.get("id");
  const count = Number(url.searchParams.get("count"));
  for (let i = 0; i < count; i += 1) CALL;
  return new Response("done");
} };"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.key_value", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", help="on the disk to measure; default: the temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        print(f"one fdatasync: {_flush_ms(Path(scratch, 'probe'), options.seconds):.2f} ms")
        _natively(Path(scratch, "kv.sqlite"), options.seconds)
        _in_handlers(Path(scratch, "state"), options.seconds)


def _flush_ms(path: Path, seconds: float) -> float:
    count, began = 0, time.monotonic()
    with open(path, "wb") as file:
        while time.monotonic() - began < seconds:
            os.pwrite(file.fileno(), os.urandom(4096), 4096 * (count % 1000))
            os.fdatasync(file.fileno())
            count += 1
    return (time.monotonic() - began) * 1000 / count


def _natively(path: Path, seconds: float) -> None:
    store = SqliteStore(path)
    store.put("n", "key", b"v" * 100, TERMS)

    def get(number: int, step: int) -> None:
        store.get("n", "key", 30.0)

    def put(number: int, step: int) -> None:
        store.put("n", f"{number}-{step % 100}", os.urandom(100), TERMS)

    for call in (get, put):
        for threads in (1, 8):
            rate = _rate(call, threads, seconds)
            print(f"{call.__name__}, natively, {threads} threads: {rate:,.0f}/s")
    store.close()


def _in_handlers(state: Path, seconds: float) -> None:
    sources = {name: HANDLER.replace("CALL", call) for name, call in CALLS.items()}
    settings = {"STATE_DIR": str(state), "MAX_HOST_CALLS": "100000"}
    with serving(sources, 'kv = ["self:rw"]\n', settings) as server:
        pool = urllib3.PoolManager(maxsize=8)
        for name, count in (("get", 1000), ("put", 20)):

            def ask(number: int, step: int, name: str = name, count: int = count) -> None:
                url = f"{server}/{name}?id={number}&count={count}"
                answered = pool.request("GET", url, retries=False)
                assert answered.status == 200, answered.data

            for clients in (1, 8):
                _rate(ask, clients, 0.5)
                rate = count * _rate(ask, clients, seconds)
                print(f"{name}, in handlers, {clients} clients: {rate:,.0f}/s")


def _rate(call: Callable[[int, int], None], threads: int, seconds: float) -> float:
    """Return how often *threads* threads together do *call* in a second."""
    done = [0] * threads
    end = time.monotonic() + seconds

    def repeat(number: int) -> None:
        while time.monotonic() < end:
            call(number, done[number])
            done[number] += 1

    running = [threading.Thread(target=repeat, args=(number,)) for number in range(threads)]
    began = time.monotonic()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(done) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
