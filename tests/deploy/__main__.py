"""`make deploy-check`: one line for each target of deploy/, and for each pair with a component."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.deploy.facts import Facts
from tests.deploy.matrix import Pair, pairs, problems
from tests.deploy.references import ALL
from tests.deploy.render import render, targets
from tests.deploy.schemas import MINIMUM, VERSIONS, validate

KNOWN = {"base": {"busy_pod_at_most_doubles"}}
"""The base has the numbers of the description, 70 % of 100m; each profile replaces them."""


def report(target: str) -> tuple[list[str], bool]:
    """The lines for one target, and whether all is well."""
    objects = render(target)
    facts = Facts(objects)
    results = [validate(objects, version) for version in (MINIMUM, *VERSIONS)]
    broken = {check.__name__: list(check(facts)) for check in ALL}
    broken = {name: found for name, found in broken.items() if found}
    uncovered = results[0].uncovered
    line = (
        f"{target:24} {len(objects):2} objects, {min(r.valid for r in results):2} valid for "
        f"{', '.join((MINIMUM, *VERSIONS))}, {len(ALL) - len(broken)} of {len(ALL)} invariants held"
    )
    if uncovered:
        line += f"; custom resources, not covered by these schemas: {', '.join(uncovered)}"
    details = [f"    {problem}" for result in results for problem in result.problems]
    for name, found in broken.items():
        known = " (known: deploy a profile)" if name in KNOWN.get(target, ()) else ""
        details += [f"    {name}: {problem}{known}" for problem in found]
    unexpected = broken.keys() - KNOWN.get(target, set())
    return [line, *details], not unexpected and not any(r.problems for r in results)


def report_pairs(found: list[Pair]) -> tuple[list[str], bool]:
    """The lines for *found*, and whether all is well."""
    lines, well = [], True
    sensible = [pair for pair in found if pair.refusal is None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for a process of kubectl
        for pair, broken in zip(sensible, pool.map(problems, sensible), strict=True):
            lines += [f"{pair!s:56} {'holds' if not broken else 'BROKEN'}"]
            lines += [f"    {problem}" for problem in broken]
            well = well and not broken
    refused = [pair for pair in found if pair.refusal is not None]
    lines += [f"{pair!s:56} refused: {pair.refusal}" for pair in refused]
    total = f"{len(sensible)} pairs rendered, as a-...-b in the namespace team-a, and checked"
    return [*lines, f"{total}; {len(refused)} refused"], well


def main() -> int:
    """Print every target's and every pair's lines; 1 if anything is wrong."""
    well = True
    for target in targets():
        lines, fine = report(target)
        print("\n".join(lines), flush=True)
        well = well and fine
    lines, fine = report_pairs(pairs())
    print("\n".join(lines))
    return 0 if well and fine else 1


if __name__ == "__main__":
    sys.exit(main())
