"""Runs cases, in Node and in Nexus."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.packages.cases import Case
from nexus import WasmRuntime
from nexus.errors import HandlerNotFound

_NODE_S: Final = 60
_IN_NODE: Final = """
const { default: run } = await import(process.argv[1]);
await run();
const began = performance.now();
const value = (await run()) ?? null;
const ms = performance.now() - began;
process.stdout.write("\\n" + JSON.stringify({ value, ms }) + "\\n", () => process.exit(0));
"""


@dataclass(frozen=True)
class Ran:
    """The value of one case, or the reason why it has none; and the time of a run."""

    value: Any = None
    failure: str = ""
    ms: float = 0.0


def run_in_node(folder: Path, case: Case) -> Ran:
    """Run *case* in Node, from its packages as they are."""
    command = ["node", "--input-type=module", "-e", _IN_NODE, f"{folder}/{case.name}.mjs"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_NODE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Ran(failure=f"takes over {_NODE_S} s")
    if done.returncode:
        return Ran(failure=done.stderr.strip())
    said = json.loads(done.stdout.splitlines()[-1])
    return Ran(said["value"], ms=said["ms"])


def run_in_nexus(folder: Path, cases: Sequence[Case], engine: str) -> Mapping[str, Ran]:
    """Run those of *cases* that are bundled on *engine*, by name."""
    with WasmRuntime(folder / "handlers", engine=engine) as runtime:
        problems = runtime.problems
        return {case.name: _run_in_nexus(runtime, case.name, problems) for case in cases}


def _run_in_nexus(runtime: WasmRuntime, name: str, problems: Mapping[str, str]) -> Ran:
    try:
        runtime.execute_handler(name, {})
        began = time.perf_counter()
        result = runtime.execute_handler(name, {})
        ms = (time.perf_counter() - began) * 1000
    except HandlerNotFound:
        return Ran(failure=problems.get(f"{name}.js", "not loaded"))
    if result.error is not None:
        return Ran(failure=f"{result.error['code']}: {result.error['message']}", ms=ms)
    return Ran(result.return_value, ms=ms)
