"""Settings as an object: frozen, complete, described, and the same after a trip through environ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nexus.config import Settings, describe, limits, load, to_environ
from nexus.model import Limits

PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(
    lambda text: Path("/" + text)
)
HOSTS = st.sampled_from(["127.0.0.1", "localhost", "[::1]", "a-b.example"])


def whole(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


INSTANCES = st.tuples(whole(1, 1000), whole(0, 1000)).map(lambda pair: (max(pair), min(pair)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
TABLES = st.dictionaries(st.text(), JSON, max_size=3)
PLUGINS = st.dictionaries(st.from_regex(r"\A[a-z0-9_-]{1,8}\Z"), TABLES, max_size=3)
VALUES = st.fixed_dictionaries(
    {
        "cache_dir": PATHS,
        "handlers_dir": PATHS,
        "bind": st.builds("{}:{}".format, HOSTS, whole(0, 65535)) | st.just("unix:/run/a b"),
        "timeout_ms": whole(1, 3_600_000),
        "max_host_calls": whole(1, 10**9),
        "max_request_bytes": whole(1, 2**31),
        "max_queue": whole(0, 100_000),
        "stuck_after_ms": whole(100, 3_600_000),
        "log_level": st.sampled_from(["debug", "info", "warning", "error"]),
        "log_format": st.sampled_from(["auto", "json", "pretty", "brief"]),
        "engine": st.sampled_from(["auto", "wasmer", "wasmtime"]),
        "compiler": st.sampled_from(["auto", "llvm", "cranelift"]),
        "access_log": st.booleans(),
        "debug": st.booleans(),
        "plugins": PLUGINS,
        "scheduling_policy": st.sampled_from(["fifo", "fair", "a-b_2"]),
        "scheduling_key_header": st.sampled_from(["", "X-Tenant-Id"]),
        "scheduling_weights": st.dictionaries(st.text(max_size=9), st.floats(0.01, 100.0)),
    },
    optional={
        "cpu_timeout_ms": whole(1, 3_600_000),
        "workers": whole(1, 256),
        "threads": whole(1, 1000),
    },
)


@settings(deadline=None)  # on a busy machine one may take a second
@given(values=VALUES, instances=INSTANCES)
def test_environ_round_trip(values, instances):
    settings = Settings(**values, max_instances=instances[0], min_instances=instances[1])
    loaded = load({}, to_environ(settings), Path("/nowhere"))
    assert loaded.settings == settings
    assert loaded.warnings == []
    assert to_environ(loaded.settings) == to_environ(settings)


def test_the_handed_over_environ_shuts_out_file_and_bare_names(tmp_path):
    first = load({"timeout_ms": 7}, {"HOME": "/h"}, tmp_path)
    (tmp_path / "nexus.toml").write_text("timeout_ms = 'broken by a later edit'")
    later = {"HOME": "/other", "TIMEOUT_MS": "9", **to_environ(first.settings)}
    assert load({}, later, tmp_path).settings == first.settings


def test_every_setting_is_handed_over():
    environ = to_environ(Settings(cache_dir=Path("/c")))
    assert set(environ) == {"NEXUS_CONFIG"} | {f"NEXUS_{n.upper()}" for n in Settings.model_fields}
    assert (environ["NEXUS_DEBUG"], environ["NEXUS_ACCESS_LOG"]) == ("false", "true")


def test_settings_are_frozen():
    settings = Settings(cache_dir=Path("/c"))
    with pytest.raises(ValidationError):
        settings.timeout_ms = 1
    loaded = load({}, {"HOME": "/home/nexus"}, Path("/nowhere"))
    with pytest.raises(AttributeError):
        loaded.settings = settings


def test_constructing_settings_reads_no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("NEXUS_TIMEOUT_MS", "1")
    monkeypatch.setenv("TIMEOUT_MS", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nexus.toml").write_text("timeout_ms = 1")
    assert Settings(cache_dir=Path("/c")).timeout_ms == 5000


def test_constructing_settings_checks_them():
    with pytest.raises(ValidationError):
        Settings(cache_dir=Path("/c"), timeout_ms=0)
    with pytest.raises(ValidationError):
        Settings(cache_dir=Path("/c"), min_instances=11)


def test_workers_default_to_the_cpus_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 9})
    assert Settings(cache_dir=Path("/c")).workers == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(384)))
    assert Settings(cache_dir=Path("/c")).workers == 256


def test_limits_convert_units():
    assert limits(Settings(cache_dir=Path("/c"))) == Limits()
    changed = Settings(
        cache_dir=Path("/c"),
        timeout_ms=250,
        cpu_timeout_ms=125,
        memory_limit_mb=3,
        max_host_calls=4,
        max_request_bytes=5,
        max_response_bytes=6,
        max_header_bytes=7,
        max_stderr_bytes=8,
        max_stack_kb=90,
        max_effects=9,
        max_effect_bytes=10,
    )
    assert limits(changed) == Limits(0.25, 0.125, 3 << 20, 4, 5, 6, 7, 8, 90 << 10, 9, 10)


def test_every_setting_is_described():
    table = {row.name: row for row in describe()}
    assert list(table) == list(Settings.model_fields)
    assert all(row.allowed and row.default and row.description for row in table.values())
    assert table["timeout_ms"].allowed == "a whole number from 1 to 3600000"
    assert table["timeout_ms"].default == "5000"
    assert table["cpu_timeout_ms"].default == "same as timeout_ms"
    assert table["compiler"].allowed == "auto, llvm, cranelift"
    assert table["access_log"].default == "true"
    assert table["handlers_dir"].default == "handlers"
    assert table["cache_dir"].default == "$XDG_CACHE_HOME/nexus, else ~/.cache/nexus"
