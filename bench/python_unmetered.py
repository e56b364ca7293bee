"""CPython's build as wasmtime runs it alone, without metering: for the kernels of `bench.python`.

wasmtime's own WASI starts the module as a command, whose script times the kernels by its own clock.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nexus.guest.python.runtime import load_runtime

_SCRIPT = """
import json, statistics, sys, time
kernels = json.loads(sys.argv[1])
found = {}
for name, source in kernels.items():
    names = {}
    exec(source, names)
    run, times = names["run"], []
    run({})
    for _ in range(int(sys.argv[2])):
        began = time.perf_counter()
        run({})
        times.append((time.perf_counter() - began) * 1000)
    found[name] = statistics.median(times)
with open("/out/found", "w") as file:
    json.dump(found, file)
"""


def unmetered(kernels: Mapping[str, str], rounds: int) -> dict[str, float]:
    """Return the median of each kernel in ms; *kernels* are sources with a `run`."""
    arguments = ["-c", _SCRIPT, json.dumps(dict(kernels)), str(rounds)]
    with tempfile.TemporaryDirectory() as folder:
        _run(arguments, folder)
        found: dict[str, float] = json.loads((Path(folder) / "found").read_text())
    return found


def _run(arguments: list[str], folder: str) -> None:
    import wasmtime

    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    linker.define_wasi()
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["python", *arguments]
    wasi.preopen_dir(folder, "/out")
    store.set_wasi(wasi)
    instance = linker.instantiate(store, wasmtime.Module(engine, load_runtime()))
    with suppress(wasmtime.ExitTrap):  # CPython ends like that; a failed run leaves no result
        instance.exports(store)["_start"](store)
