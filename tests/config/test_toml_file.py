"""Everything that can be wrong with a TOML file, hostile ones included."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.config.toml_file import MAX_BYTES, MAX_DOTS, read_toml


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.toml"


def test_reads(path):
    path.write_bytes("a = 'é'\r\nb = [1]\r\n".encode())
    assert read_toml(path) == {"a": "é", "b": [1]}


def test_no_file(path):
    with pytest.raises(FileNotFoundError):
        read_toml(path)


def test_a_folder_cannot_be_read(path):
    path.mkdir()
    with pytest.raises(ValueError, match=r"cannot be read: Is a directory"):
        read_toml(path)


def test_syntax_errors_have_line_and_column(path):
    path.write_text("a = 1\nb = = 2\n")
    with pytest.raises(ValueError, match=r"not valid TOML: .*\(at line 2, column 5\)"):
        read_toml(path)


def test_not_utf8(path):
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(ValueError, match=r"not UTF-8: invalid start byte at byte 5"):
        read_toml(path)


def test_size_limit(path):
    text = "a = 1\n#"
    path.write_text(text.ljust(MAX_BYTES, "x"))
    assert read_toml(path) == {"a": 1}
    path.write_text(text.ljust(MAX_BYTES + 1, "x"))
    with pytest.raises(ValueError, match=r"larger than 65536 bytes"):
        read_toml(path)


def test_dots_limit(path):
    path.write_text("a = 1\nb = '" + "." * MAX_DOTS + "'")
    assert read_toml(path)["a"] == 1
    path.write_text("a = 1\n" + "b." * (MAX_DOTS + 1) + "c = 1")
    with pytest.raises(ValueError, match=r"more than 500 dots in line 2"):
        read_toml(path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 60_000, "a = " + "{b=" * 20_000], ids=["arrays", "tables"]
)
def test_deep_nesting(path, text):
    path.write_text(text)
    with pytest.raises(ValueError, match=r"nested too deeply"):
        read_toml(path)


def test_a_number_too_long_for_python(path):
    path.write_text("a = " + "9" * 60_000)
    with pytest.raises(ValueError, match=r"not valid TOML: "):
        read_toml(path)
