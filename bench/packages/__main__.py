"""`python -m bench.packages`."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import bench.packages
from bench.packages.cases import Case, read_cases
from bench.packages.npm import bundle, install
from bench.packages.runs import Ran, run_in_nexus, run_in_node

ENGINES = ("wasmer", "wasmtime")
_WIDTH = 51
_REASON = 160


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.packages",
        description=bench.packages.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: both")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir(), "nexus-bench-packages"),
        help="where packages are installed; they stay there for the next time (%(default)s)",
    )
    parser.add_argument("--long", action="store_true", help="print values and reasons in full")
    options = parser.parse_args()
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        parser.error(f"needs {' and '.join(missing)} on the PATH")
    cases = read_cases(options.names)
    folder: Path = options.folder
    shutil.rmtree(folder / "handlers", ignore_errors=True)
    (folder / "handlers").mkdir(parents=True)
    install(folder, cases)
    unbundled = {case.name: why for case in cases if (why := bundle(folder, case))}
    expected = {case.name: run_in_node(folder, case) for case in cases}
    for engine in options.engine or ENGINES:
        found = {
            **run_in_nexus(folder, cases, engine),
            **{name: Ran(failure=f"esbuild: {reason}") for name, reason in unbundled.items()},
        }
        _print_table(engine, cases, expected, found, None if options.long else _REASON)


def _print_table(
    engine: str,
    cases: Sequence[Case],
    expected: Mapping[str, Ran],
    found: Mapping[str, Ran],
    most: int | None,
) -> None:
    print(f"\n{engine:{_WIDTH}}{'':9}{'ms':>8}{'node, ms':>10}")
    good = 0
    for case in cases:
        ran, node = found[case.name], expected[case.name]
        word, reason = _judged(ran, node)
        good += word == "works"
        times = f"{ran.ms:8.2f}{node.ms:10.2f}"
        print(f"{case.title:{_WIDTH}}{word:9}{times}  {' '.join(reason.split())[:most]}".rstrip())
    print(f"{good} of {len(cases)} give Node's value: {good / len(cases):.1%}", flush=True)


def _judged(ran: Ran, node: Ran) -> tuple[str, str]:
    """Return the word for the table, and what explains it."""
    if node.failure:
        return "no node", node.failure
    if ran.failure:
        return "fails", ran.failure
    if ran.value != node.value:
        return "differs", f"{ran.value!r} and not {node.value!r}"
    return "works", ""


if __name__ == "__main__":
    main()
