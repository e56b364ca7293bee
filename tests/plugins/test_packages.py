"""What `make test` needs of the packages under plugins/."""

from __future__ import annotations

import re
from collections import Counter
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support import ROOT


def packages() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "plugins").glob("*/setup.cfg"))


def metadata(folder: Path) -> ConfigParser:
    found = ConfigParser()
    found.read(folder / "setup.cfg")
    return found


def test_every_package_is_whole() -> None:
    for folder in packages():
        package = folder.name.replace("-", "_")
        for name in (
            "pyproject.toml",
            "README.md",
            f"{package}/__init__.py",
            f"{package}/py.typed",
        ):
            assert (folder / name).is_file(), f"{folder.name} has no {name}"
        assert list(folder.glob("tests/test_*.py")), f"{folder.name} has no tests"


def test_every_package_is_named_as_its_folder_and_can_be_reached() -> None:
    """It enters group nexus, where Nexus finds it, or brings a command that uses Nexus."""
    for folder in packages():
        found = metadata(folder)
        assert found["metadata"]["name"] == folder.name
        points = found["options.entry_points"]
        assert "=" in points.get("nexus", points.get("console_scripts", "")), folder.name
        assert "nexus-runtime" in found["options"]["install_requires"], folder.name


def test_every_dependency_of_a_package_has_a_reason() -> None:
    listed = (ROOT / "docs" / "dependencies.md").read_text().partition("## Plugins")[2]
    for folder in packages():
        for line in metadata(folder)["options"]["install_requires"].split():
            name = re.split(r"[^A-Za-z0-9_-]", line)[0]
            if name != "nexus-runtime":
                assert re.search(rf"\b{re.escape(name)}\b", listed), f"{folder.name}: {name}"


def test_modules_of_tests_do_not_shadow_each_other() -> None:
    folders = [ROOT / "plugins", *packages()]  # the first: those of several plugins together
    tests = [path for folder in folders for path in folder.glob("tests/**/*.py")]
    assert not [path for path in tests if path.name == "__init__.py"]
    names = Counter(path.name for path in tests if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def names(requirements: str) -> set[str]:
    """The distributions that a list of requirements names, as `importlib.metadata` spells them."""
    found = (re.match(r"[A-Za-z0-9_.-]+", line) for line in requirements.split("\n"))
    return {name[0].lower().replace("_", "-") for name in found if name}


def test_tests_of_the_core_import_nothing_that_only_a_plugin_brings() -> None:
    """They must pass where no plugin is installed."""
    core = ConfigParser()
    core.read(ROOT / "setup.cfg")
    wanted = [core["options"]["install_requires"], *core["options.extras_require"].values()]
    foreign = {folder.name for folder in packages()}
    for folder in packages():
        foreign |= names(metadata(folder)["options"]["install_requires"])
    foreign -= names("\n".join([*wanted, "nexus-runtime"]))
    modules = {folder.name.replace("-", "_") for folder in packages()}
    for module, brought_by in packages_distributions().items():
        if names("\n".join(brought_by)) & foreign:
            modules.add(module)
    for path in (ROOT / "tests").rglob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
        assert not modules & set(imported), path
