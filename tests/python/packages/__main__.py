"""Runs the tests of pure packages in the guest, and compares with `expected.txt`.

pip fetches the packages, and pytest, from the package index.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.python.expectations import compare, write
from tests.python.packages.suite import PACKAGES, run_package
from tests.python.support import Pythons
from tests.set_up import ENGINES
from tests.support import CACHE_VARIABLE

EXPECTED = Path(__file__).with_name("expected.txt")


def main() -> int:
    """Run the packages' tests; return 1 if something differs from what is expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.python.packages", description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="default: all")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--write", action="store_true", help="write expected.txt anew")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexus-packages-") as folder:
        os.environ.setdefault(CACHE_VARIABLE, folder)
        python = Pythons(options.engine, Path(folder))
        found = {}
        for name in options.packages or PACKAGES:
            found[name] = run_package(python, name, Path(folder))
            print(f"{name}: {found[name].line()}", flush=True)
        python.close()
    if options.write:
        write(EXPECTED, found, list(PACKAGES))
        return 0
    return compare(EXPECTED, found)


if __name__ == "__main__":
    sys.exit(main())
