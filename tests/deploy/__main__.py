"""`make deploy-check`: one line for each target of deploy/."""

from __future__ import annotations

import sys

from tests.deploy.facts import Facts
from tests.deploy.references import ALL
from tests.deploy.render import render, targets
from tests.deploy.schemas import VERSIONS, validate

KNOWN = {"base": {"busy_pod_at_most_doubles"}}
"""The base has the numbers of the description, 70 % of 100m; each profile replaces them."""


def report(target: str) -> tuple[list[str], bool]:
    """The lines for one target, and whether all is well."""
    objects = render(target)
    facts = Facts(objects)
    results = [validate(objects, version) for version in VERSIONS]
    broken = {check.__name__: list(check(facts)) for check in ALL}
    broken = {name: found for name, found in broken.items() if found}
    uncovered = results[0].uncovered
    line = (
        f"{target:24} {len(objects):2} objects, {min(r.valid for r in results):2} valid for "
        f"{' and '.join(VERSIONS)}, {len(ALL) - len(broken)} of {len(ALL)} invariants held"
    )
    if uncovered:
        line += f"; custom resources, not covered by these schemas: {', '.join(uncovered)}"
    details = [f"    {problem}" for result in results for problem in result.problems]
    for name, found in broken.items():
        known = " (known: deploy a profile)" if name in KNOWN.get(target, ()) else ""
        details += [f"    {name}: {problem}{known}" for problem in found]
    unexpected = broken.keys() - KNOWN.get(target, set())
    return [line, *details], not unexpected and not any(r.problems for r in results)


def main() -> int:
    """Print every target's lines; 1 if anything is wrong."""
    well = True
    for target in targets():
        lines, fine = report(target)
        print("\n".join(lines), flush=True)
        well = well and fine
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
