"""`python -m tests.deploy.chart`: writes what Kustomize renders into deploy/chart/profiles."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.deploy.render import DEPLOY, profiles, render

CHART = DEPLOY / "chart"
LEFT_OUT = ("Namespace",)
"""Helm makes it (--create-namespace) or finds it."""


def contents() -> dict[Path, str]:
    """Return the text of each file in profiles/."""
    found = {}
    for component in profiles():
        objects = [o for o in render(f"overlays/{component}") if o["kind"] not in LEFT_OUT]
        text = yaml.safe_dump_all(objects, sort_keys=True, width=1000)
        found[CHART / "profiles" / f"{component.removeprefix('cpu-')}.yaml"] = text
    return found


def main() -> None:
    """Write the files."""
    for path, text in contents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
