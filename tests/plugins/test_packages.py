"""What `make test` needs of the packages under plugins/."""

from __future__ import annotations

import re
from collections import Counter
from configparser import ConfigParser
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


def test_every_package_is_named_as_its_folder_and_enters_group_nexus() -> None:
    for folder in packages():
        found = metadata(folder)
        assert found["metadata"]["name"] == folder.name
        assert "=" in found["options.entry_points"]["nexus"], folder.name
        assert "nexus-runtime" in found["options"]["install_requires"], folder.name


def test_every_dependency_of_a_package_has_a_reason() -> None:
    listed = (ROOT / "docs" / "dependencies.md").read_text().partition("## Plugins")[2]
    for folder in packages():
        for line in metadata(folder)["options"]["install_requires"].split():
            name = re.split(r"[^A-Za-z0-9_-]", line)[0]
            if name != "nexus-runtime":
                assert re.search(rf"\b{re.escape(name)}\b", listed), f"{folder.name}: {name}"


def test_modules_of_tests_do_not_shadow_each_other() -> None:
    tests = [path for folder in packages() for path in folder.glob("tests/**/*.py")]
    assert not [path for path in tests if path.name == "__init__.py"]
    names = Counter(path.name for path in tests if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
