"""What the documentation lists is what there is."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from nexus.config import describe
from nexus.errors import NexusError
from nexus.handlers.manifest import Manifest
from nexus.http.errors import STATUS

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"


def _rows(name: str) -> list[list[str]]:
    """The cells of all table rows of one page."""
    lines = (DOCS / name).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]


def test_every_setting_is_documented_as_it_is() -> None:
    rows = [row for row in _rows("configuration.md") if len(row) == 4]  # the manifest's have 3
    found = {row[0].strip("`"): row[1:] for row in rows}
    for setting in describe():
        meaning = setting.description + ("; **live**" if setting.live else "")
        assert found[setting.name] == [setting.default, setting.allowed, meaning]


def test_the_readme_has_the_defaults() -> None:
    defaults = {setting.name: setting.default for setting in describe()}
    rows = [row for row in _rows("../README.md") if len(row) == 3 and row[0].startswith("`")]
    assert len(rows) == 8
    for name, default, _ in rows:
        setting = name.strip("`").removeprefix("NEXUS_").lower()
        number = int(defaults[setting]) if defaults[setting].isdigit() else 0
        allowed = {defaults[setting], f"{number >> 20} MiB"}
        assert default in allowed or default.startswith("same as "), name


def test_every_manifest_key_is_documented() -> None:
    found = {row[0].strip("`") for row in _rows("configuration.md")}
    assert Manifest.model_fields.keys() <= found


def test_every_error_is_documented_with_its_status_and_outcome() -> None:
    found = {row[0].strip("`"): (row[1], row[2].strip("`")) for row in _rows("errors.md")}
    kinds = [NexusError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in kinds:
        if not kind.__subclasses__() and kind.code != "INVALID_ARGUMENT":
            assert found[kind.code] == (str(STATUS[kind.code]), kind.outcome.value)
    assert {code for code in found if code.isupper()} == STATUS.keys()


def test_every_dependency_has_a_reason() -> None:
    wanted = ""
    for file in (DOCS.parent / "setup.cfg", *DOCS.parent.glob("plugins/*/setup.cfg")):
        setup = ConfigParser()
        setup.read(file)
        wanted += setup["options"]["install_requires"]
        if setup.has_section("options.extras_require"):
            wanted += "".join(setup["options.extras_require"].values())
    wanted = wanted.replace("nexus-runtime", "")
    listed = (DOCS / "dependencies.md").read_text()
    for line in wanted.split("\n"):
        if name := re.match(r"[A-Za-z0-9_-]+", line):
            assert re.search(rf"\b{re.escape(name[0])}\b", listed), name[0]


def test_links_between_pages_lead_somewhere() -> None:
    for page in (README, *DOCS.glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_files_that_are_named_are_there() -> None:
    for page in (README, *DOCS.glob("*.md")):
        for name in re.findall(r"`((?:nexus|tests|bench|deploy)/[\w./-]+)`", page.read_text()):
            assert (DOCS.parent / name).exists(), f"{page.name}: {name}"
