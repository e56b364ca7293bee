"""A standard library beside the build of CPython: a folder or a zip, named by `python_library`."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from nexus.config import load
from nexus.errors import ConfigError
from nexus.guest.bundle import Bundle
from nexus.guest.python import library
from nexus.guest.python.abi import PythonAbi
from nexus.guest.python.library import check_library, read_library, split
from tests.support import ABIS

from .support import Pythons

LEAST = {"os.py": b"o", "encodings/__init__.py": b"e", "email/parser.py": b"p"}
LEFT_OUT = {
    "test/test_os.py": b"t",
    "email/__pycache__/parser.pyc": b"c",
    "site-packages/pip.py": b"s",
    "config/libpython.a": b"a",
}
READS = """
def fetch(request):
    with open("/usr/local/lib/python312.zip", "rb") as file:
        return file.read()
"""
MAIN = """
import early

def fetch(request):
    import late
    return [early.PLACE, late.PLACE]
"""


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_folder_and_a_zip_hold_the_same(tmp_path: Path) -> None:
    files = {**LEAST, **LEFT_OUT}
    for place in (written(tmp_path / "lib", files), zipped(tmp_path / "lib.zip", files)):
        check_library(place)
        found = read_library(place)
        assert found.files == LEAST
        assert split(found.beside(Bundle("a.py", {"a.py": b"1"}))) == (
            Bundle("a.py", {"a.py": b"1"}),
            found,
        )


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"encodings/__init__.py": b""}, "X has no os.py"),
        ({"os.py": b"", "encodings/utf_8.py": b""}, "X has no encodings/__init__.py"),
        ({"os.py": b""}, "X has no encodings/__init__.py"),
        (None, "cannot read X (No such file or directory)"),
    ],
)
def test_a_library_has_what_cpython_needs(
    tmp_path: Path, files: dict[str, bytes] | None, problem: str
) -> None:
    place = tmp_path / "lib"
    if files is not None:
        written(place, files)
    with pytest.raises(ConfigError) as caught:
        PythonAbi(library=str(place))
    assert caught.value.problems == [
        f"python_library: {problem.replace('X', str(place))}; "
        "allowed: a folder or zip file with os.py and encodings/, such as lib/python3.11"
    ]


def test_a_file_that_is_no_zip_is_named(tmp_path: Path) -> None:
    place = tmp_path / "lib.zip"
    place.write_text("os.py")
    with pytest.raises(ConfigError, match=r"python_library: cannot read .*lib.zip \(File is not a"):
        check_library(place)


def test_a_library_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_FILES", 2)
    with pytest.raises(ConfigError, match="has more than 2 files and 64 MiB, not counting tests"):
        read_library(written(tmp_path, LEAST))


def test_the_setting_goes_with_a_build(tmp_path: Path) -> None:
    environ = {"HOME": "/home/nexus", "NEXUS_PYTHON_LIBRARY": "lib"}
    with pytest.raises(ConfigError) as caught:
        load({}, environ, tmp_path)
    assert caught.value.problems == [
        "environment variable NEXUS_PYTHON_LIBRARY: python_library: found lib beside the "
        "python_runtime nothing, allowed: the path of a folder or a zip file, set together with "
        "python_runtime, or nothing"
    ]
    build = {"NEXUS_PYTHON_RUNTIME": "p.wasm", "NEXUS_PYTHON_RUNTIME_SHA256": "ab" * 32}
    settings = load({}, {**environ, **build}, tmp_path).settings
    assert settings.python_library == str(tmp_path / "lib")


def test_the_library_is_part_of_what_a_snapshot_is_kept_by(tmp_path: Path) -> None:
    place = written(tmp_path, LEAST)
    first = PythonAbi(library=str(place)).read_text(b"1").sources
    assert PythonAbi(library=str(place)).read_text(b"1").sources == first
    (place / "os.py").write_bytes(b"changed")
    assert PythonAbi(library=str(place)).read_text(b"1").sources != first


def test_set_up_and_requests_import_from_it(
    python: Pythons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = zipfile.ZipFile(io.BytesIO(python.fetch(python.handler(READS)).body))
    files = {name: inside.read(name) for name in inside.namelist()}
    files |= dict.fromkeys(("early.py", "late.py"), b"PLACE = __file__")
    found = read_library(written(tmp_path, files))
    monkeypatch.setitem(ABIS.named("python").__dict__, "_library", found)
    (tmp_path / "late.py").write_text("changed after it was read")
    bundle = found.beside(Bundle("hello.py", {"hello.py": MAIN.encode()}))
    other = Pythons(python.engine.name, tmp_path)  # a thread's guest keeps its library
    handler = other.set_up(bundle.pack())
    for _ in range(2):
        places = json.loads(other.fetch(handler).body)
        assert places == [f"/python/lib/python3.12/{n}.py" for n in ("early", "late")]
    other.close()
