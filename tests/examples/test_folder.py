"""What holds for the folder of examples as a whole."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import wasmtime

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.iterdir() if path.suffix in {".wasm", ".wat"})
SCRIPTS = sorted(
    [
        *(path.stem for path in EXAMPLES.glob("*.js")),
        *(path.stem for path in EXAMPLES.glob("*.py")),
        *(p.parent.name for p in EXAMPLES.glob("*/index.js")),
        *(p.parent.name for p in EXAMPLES.glob("*/main.py")),
    ]
)


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("examples_build", EXAMPLES / "src/build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load_build()


def test_every_module_has_its_source():
    binaries = {path.stem for path in EXAMPLES.glob("*.wasm")}
    assert binaries == set(build.COMMANDS)
    folders = {path.name for path in (EXAMPLES / "src").iterdir() if path.is_dir()}
    assert binaries == folders - {"__pycache__"}  # Python's own, of build.py


@pytest.mark.skipif(
    build.installed_zig() != build.ZIG_VERSION, reason=f"needs ziglang {build.ZIG_VERSION}"
)
@pytest.mark.parametrize("name", build.COMMANDS)
def test_rebuilding_gives_the_same_bytes(name, tmp_path):
    rebuilt = build.build(name, tmp_path)
    assert rebuilt.read_bytes() == (EXAMPLES / f"{name}.wasm").read_bytes()


@pytest.mark.parametrize("name", [*NAMES, *SCRIPTS])
def test_the_readme_has_a_curl_line(name):
    commands = re.findall(r"^    curl .*$", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    routes = f"http://127.0.0.1:8000/{name}", f"http://127.0.0.1:8000/v1/handlers/{name}/"
    assert [line for line in commands if any(route in line for route in routes)]


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_small_and_bounded(modules, name):
    """A reset copies the whole memory: an example should not need more than two pages."""
    memories = [e.type for e in modules(name).exports if e.name == "memory"]
    assert len(memories) == 1
    memory = memories[0]
    assert isinstance(memory, wasmtime.MemoryType)
    assert memory.limits.min == memory.limits.max
    assert memory.limits.min <= 2
