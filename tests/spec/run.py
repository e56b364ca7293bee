"""Run the suite and print what came of it: `python -m tests.spec.run ENGINE [SCRIPT]...`, ENGINE
one of wasmtime, wasmer (Cranelift) and llvm (wasmer)."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection

from .lockstep import Lockstep, Report
from .suite import scripts
from .worlds import make_world


def run_all(engine: str, only: Collection[str] = ()) -> Report:
    """Run all scripts, or *only* some.

    Raises: NotFetched.
    """
    report = Report()
    for script in scripts():
        if not only or script.name in only:
            Lockstep(script, lambda: make_world(engine), report).run()
    return report


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    report = run_all(arguments[0], arguments[1:])
    for title in ("compared", "refused", "skipped", "not_taken", "unexpected"):
        found = getattr(report, title)
        print(f"{title}: {found.total()}")
        for what, count in found.most_common():
            print(f"  {count:6} {what}")
    print(f"different: {len(report.different)}", *report.different, sep="\n  ")
    print(f"{time.monotonic() - began:.1f} s")
    return 1 if report.different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
