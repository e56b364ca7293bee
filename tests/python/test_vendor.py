"""`nexus vendor` with wheels that are made here: nothing is downloaded."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nexus.cli.vendor import vendor


def wheel(folder: Path, name: str, tags: str, files: dict[str, str], needs: str = "") -> None:
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    if needs:
        metadata += f"Requires-Dist: {needs}\n"
    everything = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: here\nTag: {tags}\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-{tags}.whl", "w") as archive:
        for path, content in everything.items():
            archive.writestr(path, content)


@pytest.fixture
def handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A handlers folder; wheels of `pure`, which needs `fast`, are all that pip finds."""
    wheels, folder = tmp_path / "wheels", tmp_path / "handlers"
    wheels.mkdir()
    (folder / "hello").mkdir(parents=True)
    wheel(wheels, "pure", "py3-none-any", {"pure.py": "import fast\n"}, needs="fast")
    fast = {"fast/__init__.py": "", "fast/_c.so": "binary", "fast-1.0.data/scripts/fast": "#!"}
    wheel(wheels, "fast", "cp312-cp312-manylinux2014_x86_64", fast)
    wheel(wheels, "evil", "py3-none-any", {"../../evil.py": ""})
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return folder


def run(handlers: Path, *arguments: str, wanted: str) -> Result:
    requirements = handlers / "requirements.txt"
    requirements.write_text(wanted)
    given = [*arguments, "-r", str(requirements), "--handlers", str(handlers)]
    return CliRunner().invoke(vendor, given)


def names(folder: Path) -> list[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if "dist-info" not in name)


def test_packages_come_with_what_they_need(handlers: Path) -> None:
    done = run(handlers, "hello", wanted="pure")
    assert done.exit_code == 0, done.output
    assert names(handlers / "hello/site-packages") == [
        ".nexus-vendor",
        "fast/__init__.py",
        "pure.py",
    ]
    assert "fast 1.0: 0 KiB, not pure Python; without fast/_c.so\n" in done.output
    assert "pure 1.0: 0 KiB\n" in done.output
    assert "2 packages" in done.output
    again = run(handlers, "hello", wanted="fast")
    assert again.exit_code == 0, again.output
    assert names(handlers / "hello/site-packages") == [".nexus-vendor", "fast/__init__.py"]


def test_without_a_name_they_are_for_all(handlers: Path) -> None:
    assert run(handlers, wanted="fast").exit_code == 0
    assert "fast/__init__.py" in names(handlers / "site-packages")
    assert sorted(path.name for path in handlers.iterdir()) == [
        *("hello", "requirements.txt", "site-packages"),
    ], "nothing else is left"


def test_another_folder_is_left_alone(handlers: Path) -> None:
    own = handlers / "hello/site-packages/own.py"
    own.parent.mkdir()
    own.write_text("")
    done = run(handlers, "hello", wanted="pure")
    assert "`nexus vendor` did not make it" in str(done.exception)
    assert own.exists()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("gone", "No matching distribution found for gone"), ("evil", "a file outside itself")],
)
def test_what_cannot_be_fetched(handlers: Path, wanted: str, words: str) -> None:
    done = run(handlers, "hello", wanted=wanted)
    assert words in str(done.exception)
    assert not (handlers / "hello/site-packages").exists()
    assert not list(handlers.parent.rglob("evil.py"))


def test_a_handler_that_is_a_file_has_no_packages_of_its_own(handlers: Path) -> None:
    (handlers / "one.py").touch()
    done = run(handlers, "one", wanted="pure")
    assert done.exit_code == 2
    assert "has no such folder; move one.py to one/main.py" in done.output
