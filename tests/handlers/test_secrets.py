"""Secrets: where their values come from, and what is wrong with those that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.errors import ManifestError
from nexus.handlers import secrets as module
from nexus.handlers.catalogue import Catalogue, load_catalogue
from nexus.handlers.manifest import load_manifest
from nexus.handlers.secrets import Secrets
from nexus.handlers.sources import find_sources
from nexus.model import Limits
from tests.support import ABIS

from .test_catalogue import GOOD, InProcess


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "secrets"
    made.mkdir()
    return made


@pytest.fixture
def handlers(tmp_path: Path) -> Path:
    made = tmp_path / "handlers"
    made.mkdir()
    (made / "pay.wat").write_text(GOOD)
    (made / "pay.toml").write_text('secrets = ["KEY"]\nenv = { MODE = "live" }\n')
    return made


def load(handlers: Path, secrets: Secrets, before: Catalogue | None = None) -> Catalogue:
    sources = find_sources(handlers, ABIS)
    return load_catalogue(sources, InProcess(), Limits(), before, secrets=secrets)


def test_a_file_wins_over_the_environment_and_loses_one_line_end(folder: Path) -> None:
    secrets = Secrets(folder, {"NEXUS_SECRET_KEY": "variable", "KEY": "bare"})
    assert secrets.read(["KEY"], "a.toml") == {"KEY": "variable"}
    for content, text in ((b"file\n", "file"), (b"two\n\r\n", "two\n"), (b" x ", " x "), (b"", "")):
        (folder / "KEY").write_bytes(content)
        assert secrets.read(["KEY"], "a.toml") == {"KEY": text}


@pytest.mark.parametrize("content", [b"hide\0me", b"hide\xffme", b"h" * (module.MAX_BYTES + 1)])
def test_a_file_that_cannot_be_used_is_named_and_never_quoted(folder: Path, content: bytes) -> None:
    (folder / "KEY").write_bytes(content)
    with pytest.raises(ManifestError, match=r"^a\.toml: secrets: KEY: .*UTF-8") as raised:
        Secrets(folder).read(["KEY"], "a.toml")
    assert "hide" not in str(raised.value)
    assert "hhh" not in str(raised.value)


def test_all_missing_secrets_are_named_with_the_places_looked_at(folder: Path) -> None:
    with pytest.raises(ManifestError) as raised:
        Secrets(folder).read(["A", "B"], "a.toml")
    first, second = str(raised.value).splitlines()
    assert "NEXUS_SECRET_A" in first
    assert str(folder / "A") in first
    assert "B: " in second
    with pytest.raises(ManifestError, match="secrets_dir is not set"):
        Secrets().read(["A"], "a.toml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('secrets = ["A", "A"]', "secrets"),
        ('secrets = ["../A"]', "secrets"),
        ('secrets = "A"', "secrets"),
        ('secrets = ["A"]\nenv = { A = "x" }', "secrets: found 'A', which env sets, too"),
    ],
)
def test_a_manifest_that_lists_secrets_wrongly(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ManifestError, match=found):
        load_manifest(tmp_path / "a.toml", "a")


def test_a_secret_joins_the_environment_and_is_in_no_repr(handlers: Path) -> None:
    found = load(handlers, Secrets(None, {"NEXUS_SECRET_KEY": "sk_live_1"})).handlers["pay"]
    assert found.env == {"MODE": "live", "KEY": "sk_live_1"}
    assert found.secrets == ("KEY",)
    assert "sk_live_1" not in repr(found)


def test_a_changed_file_is_read_again_and_compiles_nothing(handlers: Path, folder: Path) -> None:
    (folder / "KEY").write_text("one")
    secrets = Secrets(folder)
    before = load(handlers, secrets)
    (folder / "KEY").write_text("two")
    after = load(handlers, secrets, before)
    assert [c.handlers["pay"].env["KEY"] for c in (before, after)] == ["one", "two"]
    assert after.handlers["pay"].compiled is before.handlers["pay"].compiled
    assert load(handlers, secrets, after).handlers["pay"] is after.handlers["pay"]


def test_a_secret_that_comes_late_cures_its_handler(handlers: Path, folder: Path) -> None:
    secrets = Secrets(folder)
    before = load(handlers, secrets)
    assert not before.handlers
    assert "KEY" in str(before.problems["pay.wat"])
    (folder / "KEY").write_text("now")
    after = load(handlers, secrets, before)
    assert after.handlers["pay"].env["KEY"] == "now"
    assert not after.problems


def test_a_secret_that_goes_leaves_its_handler_the_last_value(handlers: Path, folder: Path) -> None:
    (folder / "KEY").write_text("one")
    secrets = Secrets(folder)
    before = load(handlers, secrets)
    (folder / "KEY").unlink()
    after = load(handlers, secrets, before)
    assert after.handlers["pay"].env["KEY"] == "one"
    assert "KEY" in str(after.problems["pay.wat"])
