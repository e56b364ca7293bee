"""The watcher: loads once, then after each change, and nothing half-written."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from nexus.handlers import watcher as module
from nexus.handlers.sources import Source
from nexus.handlers.watcher import HandlersWatcher
from tests.support import ABIS

Loads = queue.Queue[list[tuple[str, int]]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_S", 0.02)


@pytest.fixture
def loads() -> Loads:
    return queue.Queue()


@pytest.fixture
def watch(tmp_path: Path, loads: Loads) -> Iterator[Callable[..., HandlersWatcher]]:
    """Start watching; each load is put as file names and sizes."""
    started: list[HandlersWatcher] = []

    def start(load: Callable[[Sequence[Source]], None] | None = None) -> HandlersWatcher:
        def put(sources: Sequence[Source]) -> None:
            loads.put([(s.path.name, s.state[0][1] if s.state[0] else -1) for s in sources])
            if load is not None:
                load(sources)

        made = HandlersWatcher(tmp_path, ABIS, put)
        started.append(made)
        made.start()
        return made

    yield start
    for made in started:
        made.close()
        made._thread.join(10)
        assert not made._thread.is_alive()


def test_the_folder_is_loaded_at_the_start(
    tmp_path: Path, watch: Callable[[], object], loads: Loads
) -> None:
    (tmp_path / "a.wat").write_text("12")
    watch()
    assert loads.get(timeout=10) == [("a.wat", 2)]


def test_manifests_without_handlers_are_said_once(
    tmp_path: Path,
    watch: Callable[[], object],
    loads: Loads,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("a.wat", "a.toml", "gone.toml"):
        (tmp_path / name).write_text("")
    watch()
    loads.get(timeout=10)
    for text in ("1", "12", "123"):  # a third load comes after all that is said of the second
        (tmp_path / "a.wat").write_text(text)
        loads.get(timeout=10)
    assert caplog.messages == [
        "gone.toml: a manifest without its handler: there is no gone.wasm, gone.wat, gone.py, "
        "gone.js, gone.ts, gone.mts, gone/index.js or gone/main.py"
    ]


def test_every_change_is_loaded(tmp_path: Path, watch: Callable[[], object], loads: Loads) -> None:
    watch()
    assert loads.get(timeout=10) == []
    (tmp_path / "a.wat").write_text("12")
    assert loads.get(timeout=10) == [("a.wat", 2)]
    (tmp_path / "a.wat").write_text("123")
    assert loads.get(timeout=10) == [("a.wat", 3)]
    (tmp_path / "a.toml").write_text("")
    assert loads.get(timeout=10) == [("a.wat", 3)]
    (tmp_path / "a.wat").unlink()
    assert loads.get(timeout=10) == []
    assert loads.empty()


def test_a_file_that_is_put_in_place_is_a_change(
    tmp_path: Path, watch: Callable[[], object], loads: Loads
) -> None:
    """Of the same size: as ConfigMaps and careful editors do it, by renaming."""
    (tmp_path / "a.wat").write_text("12")
    watch()
    loads.get(timeout=10)
    (tmp_path / "new").write_text("21")
    (tmp_path / "new").replace(tmp_path / "a.wat")
    assert loads.get(timeout=10) == [("a.wat", 2)]


def rewrite(path: Path, text: str) -> None:
    """Write in place, as many bytes as before, and put the times back."""
    before = path.stat()
    assert len(text) == before.st_size
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", ["a.js", "b.mjs", "a.toml"])
def test_a_file_rewritten_in_place_is_a_change(
    tmp_path: Path, watch: Callable[[], object], loads: Loads, name: str
) -> None:
    (tmp_path / "a.js").write_text("import './b.mjs'; 1")
    (tmp_path / "b.mjs").write_text("1")
    (tmp_path / "c.mjs").write_text("1")
    (tmp_path / "a.toml").write_text("#1")
    watch()
    assert loads.get(timeout=10) == [("a.js", 19)]
    path = tmp_path / name
    rewrite(path, path.read_text().replace("1", "2"))
    assert loads.get(timeout=10) == [("a.js", 19)]
    if name == "a.js":  # which files it is made of follows from what is in it
        rewrite(path, "import './c.mjs'; 2")
        assert loads.get(timeout=10) == [("a.js", 19)]
        rewrite(tmp_path / "c.mjs", "2")
        assert loads.get(timeout=10) == [("a.js", 19)]
    assert loads.empty()


def test_a_touch_has_a_file_loaded_again(
    tmp_path: Path, watch: Callable[[], object], loads: Loads
) -> None:
    (tmp_path / "a.wat").write_text("12")
    watch()
    assert loads.get(timeout=10) == [("a.wat", 2)]
    os.utime(tmp_path / "a.wat", (1, 1))
    assert loads.get(timeout=10) == [("a.wat", 2)]


def test_nothing_half_written_is_loaded(
    tmp_path: Path, watch: Callable[[], HandlersWatcher], loads: Loads
) -> None:
    """The file is longer at every look, until it is whole; only then is it loaded."""
    path, sizes = tmp_path / "a.wat", iter(range(1, 21))
    made = watch()
    assert loads.get(timeout=10) == []
    find = made._find

    def write_more_then_find() -> tuple[Source, ...] | None:
        size = next(sizes, 0)
        if size:
            path.write_text("x" * size)
        return find()

    made._find = write_more_then_find  # type: ignore[method-assign]
    assert loads.get(timeout=10) == [("a.wat", 20)]
    assert loads.empty()


def test_a_load_that_fails_does_not_end_the_watch(
    tmp_path: Path,
    watch: Callable[..., object],
    loads: Loads,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(sources: Sequence[Source]) -> None:
        if not sources:
            raise RuntimeError("no")

    watch(fail)
    assert loads.get(timeout=10) == []
    (tmp_path / "a.wat").write_text("12")
    assert loads.get(timeout=10) == [("a.wat", 2)]
    assert "the handlers could not be loaded" in caplog.text


def test_a_folder_that_goes_and_comes_back(
    tmp_path: Path, watch: Callable[[], object], loads: Loads, caplog: pytest.LogCaptureFixture
) -> None:
    """What was loaded goes on serving meanwhile."""
    (tmp_path / "a.wat").write_text("12")
    watch()
    assert loads.get(timeout=10) == [("a.wat", 2)]
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    with pytest.raises(queue.Empty):
        loads.get(timeout=0.1)
    (away / "b.wat").write_text("1")
    away.rename(tmp_path)
    assert loads.get(timeout=10) == [("a.wat", 2), ("b.wat", 1)]
    assert "cannot read the handlers folder" in caplog.text


def test_close_does_not_wait_for_a_load(watch: Callable[..., HandlersWatcher]) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load(sources: Sequence[Source]) -> None:
        loading.set()
        go_on.wait(20)

    made = watch(load)
    assert loading.wait(10)
    made.close()
    assert made._thread.is_alive()
    go_on.set()


@pytest.mark.parametrize("error", [OSError, SystemExit])
def test_it_watches_on_after_a_load_that_fails(
    tmp_path: Path,
    watch: Callable[..., object],
    loads: Loads,
    caplog: pytest.LogCaptureFixture,
    error: type[BaseException],
) -> None:
    def fail(sources: Sequence[Source]) -> None:
        raise error("no luck")

    watch(fail)
    assert loads.get(timeout=10) == []
    (tmp_path / "a.wat").write_text("12")
    assert loads.get(timeout=10) == [("a.wat", 2)]
    assert "the handlers could not be loaded; the present ones stay" in caplog.messages
