"""Runs CPython's own tests in the guest, and compares with `expected.txt`.

The tests are those of a CPython 3.12 on this machine: `--tests FOLDER`, or the library of the one
that `scripts/setup.sh` finds. Distributions without tests (Debian) have them in a package of
their own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.python.cpython.suite import MODULES, run_module
from tests.python.expectations import compare, write
from tests.python.support import Pythons
from tests.set_up import ENGINES
from tests.support import CACHE_VARIABLE, ROOT

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
            print(f"{module}: {found[module].line()}", flush=True)
        python.close()
    if options.write:
        write(EXPECTED, found, MODULES)
        return 0
    return compare(EXPECTED, found)


def _own_tests() -> Path:
    which = [str(ROOT / "scripts/setup.sh"), "--which", "3.12"]
    found = subprocess.run(which, capture_output=True, text=True, check=False)
    if found.returncode:
        sys.exit("there is no Python 3.12 here; name its folder Lib/test with --tests")
    code = "import test; print(list(test.__path__)[0])"
    command = [found.stdout.strip(), "-I", "-c", code]
    return Path(subprocess.check_output(command, text=True).strip())


if __name__ == "__main__":
    sys.exit(main())
