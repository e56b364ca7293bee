"""Which files make a JavaScript handler, and that a change of any of them is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.errors import InvalidHandler
from nexus.guest.js import sources as bundles
from nexus.guest.js.sources import read_bundle
from nexus.handlers.sources import find_sources, source_at
from tests.support import ABIS

INDEX = "import { a } from \"./lib/a.js\";\nimport data from '../shared/data.json';\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "handlers"
    for name, content in {
        "shop/index.js": INDEX,
        "shop/lib/a.js": 'export * from "../../outside.js"; import("./later.mjs");',
        "shop/lib/later.mjs": 'import "../../../outside.js"; import "node:fs"; import "./gone.js"',
        "shared/data.json": '"./lib/never.js"',
        "outside.js": "",
        "shop.toml": "",
        "a.js": "",
        "notes.md": "",
        ".hidden/index.js": "",
        "empty/other.js": "",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "outside.js").write_text("secret")
    return root


def test_a_bundle_is_what_is_imported(folder: Path) -> None:
    bundle = read_bundle(folder / "shop/index.js")
    assert bundle.entry == "shop/index.js"
    assert set(bundle.files) == {
        "shop/index.js",
        "shop/lib/a.js",
        "shop/lib/later.mjs",
        "shared/data.json",
        "outside.js",
    }
    assert b"secret" not in bundle.files.values()


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "shop/lib/a.js").unlink()
    (folder / "shop/lib/a.js").symlink_to(folder.parent / "outside.js")
    assert "shop/lib/a.js" not in read_bundle(folder / "shop/index.js").files


def test_handlers_of_one_file_and_of_several_are_found(folder: Path) -> None:
    assert [(s.name, s.file) for s in find_sources(folder, ABIS)] == [
        ("a", "a.js"),
        ("outside", "outside.js"),
        ("shop", "shop/index.js"),
    ]
    assert source_at(folder / "shop/index.js", ABIS).manifest == folder / "shop.toml"


@pytest.mark.parametrize(
    "changed",
    ["shop/index.js", "shop/lib/a.js", "shop/lib/gone.js", "shared/data.json", "shop.toml"],
)
def test_a_change_of_any_file_is_seen(folder: Path, changed: str) -> None:
    before = source_at(folder / "shop/index.js", ABIS)
    assert source_at(folder / "shop/index.js", ABIS) == before
    (folder / changed).write_text("// longer than it was before\n")
    assert source_at(folder / "shop/index.js", ABIS) != before


def test_sizes_have_limits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_BYTES", 100)
    with pytest.raises(InvalidHandler, match="larger than 100 bytes"):
        read_bundle(folder / "shop/index.js")
    monkeypatch.setattr(bundles, "MAX_FILES", 2)
    with pytest.raises(InvalidHandler, match="imports more than 2 files"):
        read_bundle(folder / "shop/index.js")
