"""`python -m bench.text`: source text that a client brings, beside other sandboxes.

Prints for JavaScript and Python: the median time of a text that is new to the contestant, and of
one that it has run before, in ms; and runs a second of the latter, 8 at once. Nexus is measured
over HTTP (`POST /v1/executions`, by wrk for the runs a second) and in this process; run `nexus
prepare --best` first, or it runs the quick compiler's code.

Others take part if they are installed (extra `bench`): mini-racer, with an isolate for each run,
and with one for all, which share its state; Deno, a process for each run, since a process is its
sandbox; monty, a pool of processes that run a part of Python. `python -I` is not a sandbox: it
shows what a process costs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from urllib3 import HTTPConnectionPool

from bench.load import Post, measure, need_wrk
from bench.server import THREADS, Server
from nexus import WasmRuntime

Run = Callable[[str], object]
"""Runs a text with the arguments `VALUES`, and returns its value"""

VALUES: Final = [1, 2, 3]
WANTED: Final = 14
JAVASCRIPT: Final = "$args.values.map((value) => value * value).reduce((a, b) => a + b)"
PYTHON: Final = "sum([value * value for value in context['args']['values']])"
_CONTEXT: Final = {"args": {"values": VALUES}}
_PATH: Final = "/v1/executions"
_HEADERS: Final = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
_COMMENT: Final = {"javascript": "//", "python": "#"}
_WARMING_S: Final = 2.0
_TEXT: Final = {"javascript": JAVASCRIPT, "python": PYTHON}


@dataclass(frozen=True)
class Contestant:
    """One way to run text."""

    name: str
    language: str
    run: Run
    url: str = ""
    """where wrk posts the text; empty: threads of this process call `run`"""


@dataclass(frozen=True)
class Row:
    """One contestant's times, and its runs a second."""

    name: str
    new_ms: float
    again_ms: float
    per_second: float


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.text",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    need_wrk()
    with ExitStack() as stack:
        found = list(contestants(stack))
        for language in _TEXT:
            print(f"\n{language:33}{'new, ms':>10}{'again, ms':>11}{'runs/s':>9}")
            for contestant in (each for each in found if each.language == language):
                row = measured(contestant, options.rounds, options.seconds)
                times = f"{row.new_ms:10.2f}{row.again_ms:11.2f}"
                print(f"  {row.name:31}{times}{row.per_second:9.0f}", flush=True)


def contestants(stack: ExitStack) -> Iterator[Contestant]:
    """Return those that are installed. *stack* ends them."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    environ = {"NEXUS_ADMIN_TOKEN": "bench", "NEXUS_HANDLERS_DIR": folder}
    environ["NEXUS_MAX_INSTANCES"] = str(THREADS)
    server = stack.enter_context(Server("nexus", "/healthz", **environ))
    server.wait_settled()
    url = f"http://127.0.0.1:{server.port}{_PATH}"
    pool = HTTPConnectionPool("127.0.0.1", server.port)
    runtime = stack.enter_context(WasmRuntime(max_instances=THREADS))
    for language in _TEXT:
        yield Contestant("Nexus, over HTTP", language, _over_http(pool, language), url)
        yield Contestant("Nexus, in this process", language, _in_process(runtime, language))
    if find_spec("py_mini_racer"):
        yield Contestant("mini-racer, an isolate a run", "javascript", _mini_racer(None))
        shared = import_module("py_mini_racer").MiniRacer()
        yield Contestant("mini-racer, one isolate", "javascript", _mini_racer(shared))
    beside = str(Path(sys.executable).parent)  # where its package installs it
    deno = shutil.which("deno", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if deno is not None:
        yield Contestant("Deno, a process a run", "javascript", _deno(deno))
    if find_spec("pydantic_monty"):
        monty = stack.enter_context(import_module("pydantic_monty").Monty(max_processes=THREADS))
        yield Contestant("monty, a session a run", "python", _monty(monty))
    yield Contestant("python -I (no sandbox)", "python", _python)


def measured(contestant: Contestant, rounds: int, seconds: float) -> Row:
    """Measure *contestant*, whose every answer is checked. Raises: RuntimeError for a wrong one."""
    text, mark = _TEXT[contestant.language], _COMMENT[contestant.language]

    def timed(source: str) -> float:
        began = time.perf_counter()
        value = contestant.run(source)
        took = time.perf_counter() - began
        if value != WANTED:
            raise RuntimeError(f"{contestant.name}: {value!r} is not {WANTED}")
        return took * 1000

    timed(text)
    new = [timed(f"{text} {mark} {time.time_ns()}") for _ in range(rounds)]
    again = [timed(text) for _ in range(rounds)]
    if contestant.url:
        per_second = _by_wrk(contestant, text, seconds)
    else:
        per_second = _by_threads(lambda: timed(text), seconds)
    return Row(contestant.name, statistics.median(new), statistics.median(again), per_second)


def _by_wrk(contestant: Contestant, text: str, seconds: float) -> float:
    post = Post(_body(text, contestant.language), _HEADERS)
    for each in (min(seconds, _WARMING_S), seconds):
        load = measure(contestant.url, connections=THREADS, seconds=each, post=post)
    return load.per_second


def _by_threads(call: Callable[[], object], seconds: float) -> float:
    ready = threading.Barrier(THREADS)

    def work() -> int:
        call()  # Nexus makes an instance for each thread
        ready.wait()
        count, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            call()
            count += 1
        return count

    with ThreadPoolExecutor(THREADS) as threads:
        counts = [threads.submit(work) for _ in range(THREADS)]
        return sum(count.result() for count in counts) / seconds


# ---- contestants ------------------------------------------------------------------------------


def _body(text: str, language: str) -> str:
    return json.dumps({"source": text, "language": language, "context": _CONTEXT})


def _over_http(pool: HTTPConnectionPool, language: str) -> Run:
    def run(text: str) -> object:
        answer = pool.request("POST", _PATH, body=_body(text, language), headers=_HEADERS)
        return json.loads(answer.data).get("return_value")

    return run


def _in_process(runtime: WasmRuntime, language: str) -> Run:
    return lambda text: runtime.execute_source(text, _CONTEXT, language=language).return_value


def _mini_racer(shared: Any) -> Run:
    make = import_module("py_mini_racer").MiniRacer

    @contextmanager
    def isolate() -> Iterator[Any]:
        if shared is not None:
            yield shared
            return
        made = make()
        try:
            yield made
        finally:
            made.close()

    def run(text: str) -> object:
        with isolate() as context:
            return context.eval(f"(($args) => {text}\n)({json.dumps(_CONTEXT['args'])})")

    return run


def _deno(deno: str) -> Run:
    command = [deno, "run", "--no-remote", "--no-config", "--no-lock", "--quiet", "-"]

    def run(text: str) -> object:
        args = json.dumps(_CONTEXT["args"])
        source = f"const $args = {args};\nconsole.log(JSON.stringify({text}\n))"
        ended = subprocess.run(command, input=source.encode(), capture_output=True, check=True)
        value: object = json.loads(ended.stdout)
        return value

    return run


def _monty(pool: Any) -> Run:
    def run(text: str) -> object:
        with pool.checkout() as session:
            found: object = session.feed_run(text, inputs={"context": _CONTEXT})
            return found

    return run


def _python(text: str) -> object:
    source = f"import json\ncontext = {_CONTEXT!r}\nprint(json.dumps({text}\n))"
    command = [sys.executable, "-I", "-c", source]
    value: object = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return value


if __name__ == "__main__":
    main()
