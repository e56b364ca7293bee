"""A virtual environment of a test's own, in which everything of ours is there already.

It sees the packages of the environment that runs the tests, so pip has nothing to download; what it
installs stays in the test's folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support import ROOT

_PROGRAMS = {"nexus": "nexus.cli", "pip": "pip._internal.cli.main"}


class Shell:
    """Runs command lines in *folder*."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        venv = folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        below = sysconfig.get_path("purelib")
        path = venv / "lib" / version / "site-packages" / "below.pth"
        path.write_text(f"import site; site.addsitedir({below!r})\n")
        for name, module in _PROGRAMS.items():
            program = venv / "bin" / name
            program.write_text(
                f"#!{venv}/bin/python\nfrom {module} import main\nraise SystemExit(main())\n"
            )
            program.chmod(0o755)
        known = ("NEXUS_", "PIP_", "PYTHON")
        self.environ = {
            **{name: text for name, text in os.environ.items() if not name.startswith(known)},
            "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say: build with what is here
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **environ,
        }

    def start(self, line: str, output: Path) -> subprocess.Popen[bytes]:
        """Begin a command line that goes on; what it writes goes to *output*."""
        with output.open("wb") as file:
            return subprocess.Popen(
                ["/bin/sh", "-c", f"exec env {line}"],
                cwd=self.folder,
                env=self.environ,
                stdout=file,
                stderr=file,
            )

    def __call__(self, line: str) -> str:
        """Run a command line, which must succeed, to its end. Returns its output."""
        ended = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout
