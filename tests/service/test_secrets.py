"""The snapshots of handlers, which go to disk, hold no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus.config import Settings
from nexus.runtime import WasmRuntime
from nexus.service import Service
from tests.support import shared_cache

IN_SOURCE, SECRET = "control_string_of_the_source", "sk_live_5f31c0de"
SOURCES = {
    "script.js": f"const a = {IN_SOURCE!r};\n"
    "export default { run: (context, env) => [a, env.KEY] };",
    "module.py": f"a = {IN_SOURCE!r}\nimport os\ndef run(context): return [a, os.environ['KEY']]",
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    for file, source in SOURCES.items():
        (tmp_path / file).write_text(source)
        (tmp_path / file).with_suffix(".toml").write_text('secrets = ["KEY"]')
    settings = Settings(
        handlers_dir=tmp_path, cache_dir=shared_cache(), compiler="cranelift", memory_limit_mb=64
    )
    made = Service(settings, None, environ={"NEXUS_SECRET_KEY": SECRET})
    made.start_with(tmp_path)
    yield made
    made.stop(0.0)


@pytest.mark.parametrize("name", ["script", "module"])
def test_a_snapshot_has_the_source_and_not_the_secret(service: Service, name: str) -> None:
    result = WasmRuntime.of(service).execute_handler(name, {})
    assert result.return_value == [IN_SOURCE, SECRET]
    prepared = service.handlers.catalogue.handlers[name].compiled.prepared
    assert prepared is not None
    memory = bytes(prepared.snapshot.memory)
    assert IN_SOURCE.encode() in memory
    assert SECRET.encode() not in memory
