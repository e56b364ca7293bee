"""`python -m bench.python_memory`: what each further Python handler takes of one worker's memory.

One process loads one handler and asks it once, another loads 100 and asks each once. Prints the
proportional set size of both (memory shared with the compiler's children counts in parts), and the
difference for each handler.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bench.python import _nexus, _service
from bench.python_work import HELLO, VALUES

_KIB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.python_memory", description=__doc__)
    parser.add_argument("--handlers", type=int, default=100)
    handlers = parser.parse_args().handlers
    for engine in (name for name in ("wasmer", "wasmtime") if find_spec(name)):
        one, all_ = (_in_a_process(engine, count) / _KIB for count in (1, handlers))
        each = (all_ - one) / (handlers - 1)
        print(f"{engine}: {one:.0f} MiB with one, {all_:.0f} with {handlers}: {each:.2f} each")


def _in_a_process(engine: str, handlers: int) -> int:
    """Return the KiB of a process of its own that has so many handlers."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_measured, (engine, handlers))


def _measured(engine: str, handlers: int) -> int:
    names = [f"h{number}" for number in range(handlers)]
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            Path(scratch, f"{name}.py").write_text(f"NAME = {name!r}\n{HELLO}")
        service = _service(Path(scratch), engine)
        try:
            for name in names:
                if name not in service.handlers.catalogue.handlers:
                    sys.exit(f"{name} did not load: {service.handlers.catalogue.problems}")
                _nexus(service, name, VALUES)
            return _own_kib()
        finally:
            service.stop()


def _own_kib() -> int:
    found = re.search(r"^Pss:\s+(\d+)", Path("/proc/self/smaps_rollup").read_text(), re.M)
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main()
