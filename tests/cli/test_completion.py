"""`nexus completion`: the script that is printed completes commands and options in a real bash."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, Nexus

SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell(nexus: Nexus, shell: str) -> None:
    by_name = nexus("completion", shell)
    assert by_name.code == 0
    assert b"_NEXUS_COMPLETE" in by_name.out
    assert nexus("completion", SHELL=f"/usr/bin/{shell}").out == by_name.out


def test_another_shell_is_named(nexus: Nexus) -> None:
    ended = nexus("completion", SHELL="/bin/tcsh")
    assert ended.code == 2
    assert "found 'tcsh' in $SHELL, allowed: bash, zsh, fish as an argument" in ended.err


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("typed", "offered"), [("serv", "serve"), ("comp", "compile"), ("serve --ha", "--handlers")]
)
def test_bash_completes(nexus: Nexus, tmp_path: Path, typed: str, offered: str) -> None:
    script = tmp_path / "nexus.bash"
    script.write_bytes(nexus("completion", "bash").out)
    words = ["nexus", *typed.split()]
    quoted = " ".join(words)
    asked = (
        f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        f'_nexus_completion {COMMAND}; echo "${{COMPREPLY[*]}}"'
    )
    ended = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, timeout=60, env=nexus.environ
    )
    assert offered in ended.stdout.split(), ended
