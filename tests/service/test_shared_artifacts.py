"""Two pods with one store and one key: the second compiles nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from nexus.config import Settings
from nexus.errors import ConfigError
from nexus.plugins import load_plugins
from nexus.service import Service
from tests.e2e.conftest import until

WAT = '(module (memory (export "memory") 1) (func (export "_start")))'


def pod(scratch: Path, name: str) -> tuple[Service, CollectorRegistry]:
    registry = CollectorRegistry()
    settings = Settings(
        handlers_dir=scratch,
        cache_dir=scratch / name,
        state_dir=scratch / "state",
        compiler="cranelift",
        artifact_key_file=str(scratch / "key"),
    )
    plugins = load_plugins({}, registry, outside=())
    return Service(settings, registry, plugins=plugins, environ={}), registry


def counted(registry: CollectorRegistry, name: str) -> dict[str, float]:
    pattern = rf'^{name}_total{{result="(\w+)"}} (.*)$'
    text = generate_latest(registry).decode()
    return {result: float(count) for result, count in re.findall(pattern, text, re.MULTILINE)}


def test_the_second_pod_takes_the_code_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32)
    handler = tmp_path / "h.wat"
    handler.write_text(WAT)
    one, counts = pod(tmp_path, "one")
    made = one.compiler.compile(handler, 1 << 20)
    until(lambda: "put" in counted(counts, "nexus_shared_artifacts"))
    two, counts = pod(tmp_path, "two")
    two.parts.compiler._run = None  # type: ignore[assignment, method-assign]
    taken = two.compiler.compile(handler, 1 << 20)
    assert (taken.artifact, taken.info) == (made.artifact, made.info)
    assert counted(counts, "nexus_shared_artifacts") == {"taken": 1.0}
    (tmp_path / "key").write_text("short")
    with pytest.raises(ConfigError, match="artifact_key_file"):
        pod(tmp_path, "three")
