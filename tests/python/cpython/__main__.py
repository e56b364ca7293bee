"""Runs CPython's own tests in the guest, and compares with `expected.txt`.

The tests are those of a CPython 3.12 on this machine: `--tests FOLDER`, or the library of the
`python3.12` on the PATH. Distributions without tests (Debian) have them in a package of their own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.python.cpython.suite import MODULES, Outcome, run_module
from tests.python.support import Pythons
from tests.set_up import ENGINES
from tests.support import CACHE_VARIABLE

EXPECTED = Path(__file__).with_name("expected.txt")


def main() -> int:
    """Run the modules; exit 1 if something differs from what is expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.python.cpython", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="default: all")
    parser.add_argument("--tests", type=Path, help="the folder Lib/test of CPython 3.12")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--write", action="store_true", help="write expected.txt anew")
    options = parser.parse_args()
    tests = options.tests or _own_tests()
    with tempfile.TemporaryDirectory(prefix="nexus-cpython-") as folder:
        os.environ.setdefault(CACHE_VARIABLE, folder)
        python = Pythons(options.engine, Path(folder))
        found = {}
        for module in options.modules or MODULES:
            found[module] = run_module(python, tests, module)
            print(_line(module, found[module]), flush=True)
        python.close()
    expected = _read(EXPECTED.read_text()) if EXPECTED.exists() else {}
    now = {module: _lines(module, outcome) for module, outcome in found.items()}
    if options.write:
        kept = expected | now
        text = (f"{line}\n" for module in MODULES for line in kept.get(module, ()))
        EXPECTED.write_text("".join(text))
        return 0
    differ = False
    for module, lines in now.items():
        for line in sorted(set(expected.get(module, ())) ^ set(lines)):
            differ = True
            print("+" if line in lines else "-", line)
    return int(differ)


def _read(text: str) -> dict[str, list[str]]:
    """Return the lines of each module in *text*; only a module's first line is not indented."""
    found: dict[str, list[str]] = {}
    module = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            module = line.partition(":")[0]
        found.setdefault(module, []).append(line)
    return found


def _own_tests() -> Path:
    command = shutil.which("python3.12")
    if command is None:
        sys.exit("there is no python3.12 here; name the folder Lib/test with --tests")
    code = "import test; print(list(test.__path__)[0])"
    return Path(subprocess.check_output([command, "-I", "-c", code], text=True).strip())


def _line(module: str, outcome: Outcome) -> str:
    skipped = sum(outcome.skipped.values())
    return f"{module}: {outcome.passed} pass, {skipped} skipped, {len(outcome.failed)} do not"


def _lines(module: str, outcome: Outcome) -> list[str]:
    reasons = sorted(outcome.failed.items())
    return [_line(module, outcome), *(f"    {name}: {reason}" for name, reason in reasons)]


if __name__ == "__main__":
    sys.exit(main())
