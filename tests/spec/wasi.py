"""Runs the modules of wasi-testsuite: `python -m tests.spec.wasi FOLDER [--memory] [NAME...]`.

FOLDER is a clone of its branch `prod/testsuite-base`, which holds compiled modules. Each runs by
`nexus run --raw --dir` on a copy of its folder; with `--memory`, by a bare wasmtime on a folder in
memory, such as a handler's `/tmp`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nexus.errors import NexusError
from nexus.guest.files.memory import MemoryFolder
from nexus.guest.files.memory_files import Space
from nexus.guest.preview1.opened import OpenFolder
from nexus.guest.wasi import guest as wasi
from nexus.model import Command, Limits
from tests.guest import support

NEXUS = Path(sys.executable).with_name("nexus")
MODULES = "tests/*/testsuite/wasm32-wasip1/*.wasm"


def expected(module: Path) -> dict[str, Any]:
    """Return the module's specification, in the older of the suite's two forms."""
    found: dict[str, Any] = {"args": [], "env": {}, "root": None, "exit_code": 0, "stdout": None}
    path = module.with_suffix(".json")
    given = json.loads(path.read_text()) if path.exists() else {}
    found |= {key: given[key] for key in found if key in given}
    for step in given.get("operations", []):
        found |= {key: step[key] for key in found if key in step}
        if step["type"] == "read" and step.get("id", "stdout") == "stdout":
            found["stdout"] = step.get("payload", "")
    return found


def on_disk(module: Path, spec: dict[str, Any], root: Path) -> tuple[int, str]:
    """Return exit code and stdout of the module as a command."""
    env = [part for name, value in spec["env"].items() for part in ("--env", f"{name}={value}")]
    mounted = ["--dir", f"{root}::/"] if spec["root"] else []
    options = ["--compiler", "cranelift", *env, *mounted]
    command = [NEXUS, "run", module, "--raw", *options, "--", *spec["args"]]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ended.returncode, ended.stdout.decode()


def in_memory(module: Path, spec: dict[str, Any], root: Path) -> tuple[int, str]:
    """Return exit code and stdout of the module on a copy of *root* in memory."""
    stdout, guest, run = bytearray(), wasi.WasiGuest(), support.LocalRun()
    run.limits = Limits(max_host_calls=10**9)
    files = MemoryFolder(Space(64 << 20))
    fill(files, root)
    folders = {3: OpenFolder(files, preopened=b"/")} if spec["root"] else {}
    args = (module.name, *spec["args"])
    command = Command(args, spec["env"], lambda _: b"", stdout.extend, lambda _: None)
    with (
        patch.object(support, "FUEL", 1 << 40),
        patch.object(wasi, "command_folders", lambda _: folders),
    ):
        run.instance = support.WasmtimeInstance(module.read_bytes(), guest.functions())
        code = guest.execute(run.instance, command, support.handler(), run)
    return code, stdout.decode()


def fill(folder: MemoryFolder, root: Path) -> None:
    for path in root.iterdir():
        name = path.name.encode()
        if path.is_dir():
            folder.create_folder(name)
            inner = folder.find(name)
            assert isinstance(inner, MemoryFolder)
            fill(inner, path)
        else:
            made = folder.create(name, reads=True, writes=True)
            made.write(0, memoryview(path.read_bytes()))


def main(place: str, *options: str) -> int:
    names = [name for name in options if name != "--memory"]
    run = in_memory if "--memory" in options else on_disk
    passed, total, with_files, passed_with_files = 0, 0, 0, 0
    for module in sorted(Path(place).glob(MODULES)):
        if names and module.stem not in names:
            continue
        spec = expected(module)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "root"
            root.mkdir()
            if spec["root"]:
                shutil.copytree(module.parent / spec["root"], root, dirs_exist_ok=True)
            try:
                code, stdout = run(module, spec, root)
            except NexusError as error:
                code, stdout = -1, str(error)
        good = code == spec["exit_code"] and spec["stdout"] in (None, stdout)
        total, with_files = total + 1, with_files + bool(spec["root"])
        passed, passed_with_files = passed + good, passed_with_files + (good and bool(spec["root"]))
        if not good:
            print(f"{module.stem}: exit code {code}, {stdout[-200:]!r}")
    print(f"{passed} of {total} passed; of those with files {passed_with_files} of {with_files}")
    return int(passed < total or not total)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
