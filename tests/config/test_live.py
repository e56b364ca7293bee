"""Sources that change: who wins, what is taken over, what is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Queue

import pytest

from nexus.config import LiveSettings, Loaded, Settings, inherit, load
from nexus.errors import ConfigError
from nexus.plugin_api.config_source import Closer


class Source:
    """Says what it is told to say, or raises it."""

    def __init__(self, name: str = "test source", **values: object) -> None:
        self.name = name
        self.says: Mapping[str, object] | Exception = values

    def read(self) -> Mapping[str, object]:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        return None


HOME = {"HOME": "/home/nexus"}


class World:
    """A master that has started, and the worker whose settings change."""

    def __init__(self, directory: Path, *sources: Source, **environ: str) -> None:
        self.directory, self.sources = directory, sources
        self.master = load({"threads": "6"}, {**HOME, **environ}, directory, sources)
        self.loaded = self.worker()
        self.live = LiveSettings(self.loaded)
        self.applied: list[Settings] = []

    def worker(self) -> Loaded:
        """Load as a worker does that starts now."""
        return inherit(self.master, self.sources)

    def take(self) -> None:
        self.live.take(self.applied.append)


@pytest.fixture
def source() -> Source:
    return Source(timeout_ms="700", engine="wasmtime")


@pytest.fixture
def world(tmp_path: Path, source: Source) -> World:
    (tmp_path / "nexus.toml").write_text("timeout_ms = 600\nmax_queue = 6\ndebug = true")
    return World(tmp_path, source, NEXUS_MAX_HOST_CALLS="5")


def test_a_source_wins_over_the_file_and_yields_to_folder_and_environment(tmp_path: Path) -> None:
    names = ("max_queue", "timeout_ms", "max_effects", "max_host_calls", "debug")
    (tmp_path / "nexus.toml").write_text("\n".join(f"{name} = 1" for name in names))
    first = Source("first", **dict.fromkeys(names[1:], "0"), max_instances="8")
    second = Source("second", **{**dict.fromkeys(names[1:], "1"), "debug": "no"})
    folder = tmp_path / "mounted"
    folder.mkdir()
    for name in names[2:4]:
        (folder / name).write_text("3")
    environ = {**HOME, "NEXUS_CONFIG_FOLDER": "mounted", "NEXUS_MAX_HOST_CALLS": "4"}
    for loaded in (
        load({}, environ, tmp_path, (first, second)),
        load(
            {"config_folder": "mounted"},
            {**environ, "NEXUS_CONFIG_FOLDER": "x"},
            tmp_path,
            (first, second),
        ),
    ):
        assert [loaded.sources[name] for name in (*names, "max_instances")] == [
            "nexus.toml",
            "second",
            f"folder {folder}",
            "environment variable NEXUS_MAX_HOST_CALLS",
            "second",
            "first",
        ]
        assert [getattr(loaded.settings, name) for name in names] == [1, 1, 3, 4, False]


def test_a_worker_has_the_settings_of_its_master(world: World) -> None:
    assert world.loaded.settings == world.master.settings
    assert dict(world.loaded.sources) == dict(world.master.sources)
    assert world.loaded.settings.threads == 6
    (world.directory / "nexus.toml").write_text("timeout_ms = 1\nmax_queue = 1\nengine = 'auto'")
    assert world.worker().settings == world.master.settings


def test_what_may_change_does_and_nothing_above_it_is_overruled(
    world: World, source: Source
) -> None:
    source.says = {"timeout_ms": "800", "max_host_calls": "9", "max_queue": 7}
    world.take()
    (settings,) = world.applied
    assert (settings.timeout_ms, settings.cpu_timeout_ms) == (800, 800)
    assert (settings.max_host_calls, settings.max_queue, settings.debug) == (5, 7, True)
    assert settings.engine == "wasmtime"  # as at the start
    assert world.worker().settings == settings
    source.says = {}
    world.take()
    assert (world.applied[1].timeout_ms, world.applied[1].max_queue) == (600, 6)  # the file's
    world.take()
    assert len(world.applied) == 2


def test_what_cannot_change_is_said_once(
    world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says = {"timeout_ms": "700", "engine": "wasmer", "threads": "9"}  # threads: an option
    world.take()
    world.take()
    assert caplog.messages == ["engine: wasmer instead of wasmtime (test source) takes a restart"]
    source.says = {"timeout_ms": "700"}
    world.take()
    source.says = {"timeout_ms": "700", "engine": "wasmtime"}
    world.take()
    assert caplog.messages[1:] == ["engine: auto instead of wasmtime (default) takes a restart"]
    source.says = {"timeout_ms": "700", "engine": "wasmer"}
    world.take()
    assert len(caplog.messages) == 3
    assert world.applied == []


def test_secrets_among_what_cannot_change_stay_hidden(
    world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says = {"timeout_ms": "700", "engine": "wasmtime", "plugins": '{"a":{"token":"ABC"}}'}
    world.take()
    (said,) = caplog.messages
    assert said.startswith("plugins: {'a': {'token': '(hidden)'}} instead of {} (test source)")


def test_a_broken_change_changes_nothing_and_every_problem_is_said_once(
    world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    good, source.says = source.says, {"max_queue": "-1", "timeout_ms": "900", "max_qeue": "1"}
    world.take()
    world.take()
    assert world.applied == []
    assert caplog.messages == [
        "test source: max_queue: found -1, allowed: a whole number from 0 to 100000 "
        "(the last good settings stay)",
        "test source: max_qeue: found '1', but there is no such key; did you mean max_queue? "
        "(the last good settings stay)",
    ]
    assert world.worker().settings == world.master.settings  # one that starts now starts
    source.says = good
    world.take()
    assert caplog.messages[2:] == ["the sources of settings are right again"]


def test_bounds_between_settings_are_kept(
    world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says = {"max_instances": "1"}
    world.take()
    assert world.applied == []
    assert "allowed: at least min_instances, which is 2 (default)" in caplog.text


def test_a_source_out_of_reach_keeps_what_it_said(
    world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says = ConnectionRefusedError(111, "Connection refused")
    world.take()
    world.take()
    assert world.applied == []
    assert caplog.messages == [
        "test source cannot be read, its last values stay: Connection refused"
    ]
    assert world.worker().settings.timeout_ms == 700  # as its master read it


def test_a_source_out_of_reach_at_the_start(tmp_path: Path, source: Source) -> None:
    source.says = ConnectionRefusedError(111, "Connection refused")
    loaded = load({}, {**HOME, "NEXUS_MAX_QUEUE": "3"}, tmp_path, (source,))
    assert loaded.settings.max_queue == 3
    assert loaded.warnings == [
        "test source cannot be read, the other sources serve: Connection refused"
    ]


def test_a_source_that_is_wrong_at_the_start_is_refused(tmp_path: Path, source: Source) -> None:
    source.says = ValueError("no settings but a list")
    with pytest.raises(ConfigError) as caught:
        load({"config_folder": "gone"}, {**HOME, "NEXUS_MAX_QUEUE": "x"}, tmp_path, (source,))
    assert caught.value.problems == [
        "test source: no settings but a list",
        f"folder {tmp_path}/gone: cannot be read: No such file or directory",
        "environment variable NEXUS_MAX_QUEUE: max_queue: found 'x', "
        "allowed: a whole number from 0 to 100000",
    ]


def test_a_source_that_fails_is_named(
    tmp_path: Path, world: World, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.says = KeyError("host")
    world.take()
    said = "test source: failed with KeyError: 'host'"
    assert caplog.messages == [f"{said} (the last good settings stay)"]
    with pytest.raises(ConfigError) as caught:
        load({}, HOME, tmp_path, (source,))
    assert caught.value.problems == [said]


class Followed(Source):
    """Can be watched, and tells when it is told to; or what watches it fails."""

    fails = False
    changed: Callable[[], None]
    closed = False

    def watch(self, changed: Callable[[], None]) -> Closer | None:
        if self.fails:
            raise RuntimeError("no threads left")
        self.changed = changed
        return self

    def close(self) -> None:
        self.closed = True
        raise RuntimeError("cannot be closed")


def test_one_that_cannot_be_watched_or_closed_leaves_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sources = [Followed(name) for name in ("first", "second", "third")]
    sources[0].fails = True
    live = LiveSettings(load({}, HOME, tmp_path, sources))
    applied: Queue[Settings] = Queue()
    live.start(applied.put)
    assert "first cannot be watched" in caplog.text
    sources[2].says = {"timeout_ms": "900"}
    sources[2].changed()
    assert applied.get(timeout=10).timeout_ms == 900
    live.close()
    assert [source.closed for source in sources] == [False, True, True]
    assert caplog.text.count("a source of settings cannot be closed") == 2


@pytest.mark.parametrize("bad", ["", "a\0b"])
def test_a_folders_name_must_be_one(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ConfigError, match="allowed: the path of a folder"):
        load({"config_folder": bad}, HOME, tmp_path)


def test_plugins_add_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "nexus.toml").write_text("[plugins.a]\nx = 1\ny = 1")
    source = Source(plugins='{"a": {"y": 2}, "b": {}}')
    loaded = load({}, {**HOME, "NEXUS_PLUGINS__A__Z": "3"}, tmp_path, (source,))
    assert loaded.settings.plugins == {"a": {"x": 1, "y": 2, "z": "3"}, "b": {}}
    source.says = {"plugins": "[1"}
    with pytest.raises(ConfigError, match="test source: plugins: found text that is not JSON"):
        load({}, HOME, tmp_path, (source,))


def test_variables_of_sources_are_not_warned_of(tmp_path: Path) -> None:
    known = {"NEXUS_CONFIG_REDIS_URL": "redis://h", "NEXUS_CONFIG_FOLDER": str(tmp_path)}
    assert load({}, {**HOME, **known}, tmp_path).warnings == []
    (warning,) = load({}, {**HOME, "NEXUS_CONFIG_FOLDR": "x"}, tmp_path).warnings
    assert "did you mean NEXUS_CONFIG_FOLDER?" in warning


def test_a_change_that_cannot_be_applied_is_tried_again(world: World, source: Source) -> None:
    source.says = {"timeout_ms": "900"}

    def fail(settings: Settings) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        world.live.take(fail)
    world.take()
    assert [settings.timeout_ms for settings in world.applied] == [900]
