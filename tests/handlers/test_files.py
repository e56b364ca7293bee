"""The manifest's `files` and `scratch_mb`."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.cli.versions.bundle import collect
from nexus.errors import ManifestError
from nexus.handlers.catalogue import Catalogue, load_catalogue
from nexus.handlers.sources import find_sources
from nexus.model import Files, Limits, Mount
from tests.support import ABIS

from .test_catalogue import GOOD, InProcess


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.wat").write_text(GOOD)
    (tmp_path / "assets").mkdir()
    return tmp_path


def load(folder: Path, manifest: str, previous: Catalogue | None = None) -> Catalogue:
    (folder / "hello.toml").write_text(manifest)
    return load_catalogue(find_sources(folder, ABIS), InProcess(), Limits(), previous)


def test_a_handler_has_what_its_manifest_says(folder: Path) -> None:
    manifest = 'files = {"/" = "assets", "/a/b" = "assets"}\nscratch_mb = 3\n'
    files = Files((Mount("/", folder, "assets"), Mount("/a/b", folder, "assets")), 3 << 20)
    assert load(folder, manifest).handlers["hello"].files == files
    assert load(folder, "scratch_mb = 1").handlers["hello"].files == Files((), 1 << 20)
    assert load(folder, "files = {}").handlers["hello"].files is None


@pytest.mark.parametrize(
    "entry",
    [
        *('"assets" = "assets"', '"/a/" = "assets"', '"/a//b" = "assets"', '"/a/../b" = "assets"'),
        *('"/a" = "/etc"', '"/a" = ".."', '"/a" = "assets/../.."', '"/a" = "."', '"/a" = ""'),
        *('"/a" = ".git"', '"/a" = "assets/.x"', '"/a" = 1', '"/\\u0000" = "assets"'),
        *('"/a" = "missing"', '"/a" = "hello.wat"', '"/a" = "out"', '"/a" = "assets/up"'),
    ],
)
def test_wrong_folders_are_named(folder: Path, entry: str) -> None:
    (folder / "out").symlink_to("/etc")
    (folder / "assets/up").symlink_to("../..")
    problem = load(folder, f"files = {{{entry}}}").problems["hello.wat"]
    assert isinstance(problem, ManifestError)
    assert str(problem).startswith("hello.toml: files")
    assert "allowed: a" in str(problem)


def test_scratch_space_hides_nothing(folder: Path) -> None:
    manifest = 'scratch_mb = 1\nfiles = {"/tmp/a" = "assets"}'
    assert "scratch_mb" in str(load(folder, manifest).problems["hello.wat"])
    many = ", ".join(f'"/{number}" = "assets"' for number in range(17))
    assert "up to 16" in str(load(folder, f"files = {{{many}}}").problems["hello.wat"])


def test_a_folder_that_appears_cures_the_handler(folder: Path) -> None:
    manifest = 'files = {"/a" = "later"}'
    before = load(folder, manifest)
    assert not before.handlers
    (folder / "later").mkdir()
    after = load(folder, manifest, before)
    assert not after.problems
    assert after.handlers["hello"].files == Files((Mount("/a", folder, "later"),))


def test_a_version_is_uploaded_with_its_folders(folder: Path) -> None:
    (folder / "assets/a").mkdir()
    (folder / "assets/a/x.txt").write_text("x")
    (folder / "assets/.hidden").write_text("no")
    (folder / "hello.toml").write_text('files = {"/a" = "assets"}')
    (bundle,) = collect(folder / "hello.wat", ABIS)
    assert sorted(bundle.files) == ["assets/a/x.txt", "hello.wat"]
