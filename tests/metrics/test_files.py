"""The files that workers count in: theirs and prometheus_client's are the same; a full disk ends
nobody; those of dead workers become one."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from nexus.metrics import reserved
from nexus.metrics.dead import DeadWorkers, all_figures
from nexus.metrics.reserved import ReservedFile
from nexus.metrics.value_file import Figure, ValueFile, read_figures, write_figures
from tests.support import small_disk

FIGURES = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)),
    max_size=300,
)


def theirs(path: Path) -> dict[str, Figure]:
    """The figures as prometheus_client reads them."""
    return {
        key: (value, timestamp)
        for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(path)
    }


@given(FIGURES)
def test_what_is_written_prometheus_reads_and_the_other_way_round(
    tmp_path_factory: pytest.TempPathFactory, figures: dict[str, Figure]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    mapped = ValueFile(folder / "mapped.db")
    for key, figure in figures.items():
        mapped.add(key)
        mapped.write(key, figure)
    assert {key: mapped.read(key) for key in figures} == figures
    mapped.close()
    write_figures(folder / "written.db", figures)
    library = MmapedDict(str(folder / "library.db"))
    for key, figure in figures.items():
        library.write_value(key, *figure)
    library.close()
    for name in ("mapped", "written", "library"):
        assert theirs(folder / f"{name}.db") == read_figures(folder / f"{name}.db") == figures
    again = ValueFile(folder / "library.db")  # of a process whose number came again
    assert {key: again.read(key) for key in figures} == figures
    again.close()


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    write_figures(path, {"a": (1.0, 0.0), "b": (2.0, 0.0)})
    content = path.read_bytes()
    wanted: list[dict[str, Figure]] = [{}, {"a": (1.0, 0.0)}]
    for size in range(len(content)):
        path.write_bytes(content[:size])
        assert read_figures(path) in wanted
    assert read_figures(path) == wanted[1]


def allocated(path: Path) -> int:
    """Bytes on the disk."""
    return os.stat(path).st_blocks * 512


def test_blocks_are_there_before_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    file = ReservedFile(str(path))
    for number in range(2000):
        file.write_value(f"a figure of some length, number {number}", 1.0, 0.0)
        assert allocated(path) >= path.stat().st_size
    assert path.stat().st_size > 1 << 16
    file.close()


def test_a_full_disk_leaves_figures_in_memory_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reserved, "RETRY_S", 0.0)
    with small_disk(tmp_path / "disk", "256k") as folder:
        ballast, path = folder / "ballast", folder / "counter_1.db"
        ballast.write_bytes(bytes(256 << 10))
        file = ReservedFile(str(path))
        assert file.read_value("a") == (0.0, 0.0)
        file.write_value("a", 1.0, 0.0)
        file.write_value("a", 2.0, 0.0)
        assert file.read_value("a") == (2.0, 0.0)
        assert not path.exists()
        assert len(caplog.records) == 1
        assert "they are not in /metrics" in caplog.text
        os.truncate(ballast, 128 << 10)
        file.write_value("b", 3.0, 0.0)
        assert theirs(path) == {"a": (2.0, 0.0), "b": (3.0, 0.0)}
        assert "there is room again" in caplog.text
        for number in range(2000):  # more than there is room for
            file.write_value(f"a figure of some length, number {number}", 1.0, 0.0)
        file.write_value("a", 4.0, 0.0)
        assert theirs(path)["a"] == (4.0, 0.0)
        assert file.read_value("a figure of some length, number 1999") == (1.0, 0.0)
        file.close()


def test_a_process_on_a_full_disk_counts_on(tmp_path: Path) -> None:
    """prometheus_client's own metrics, in a process of its own: without blocks it is killed."""
    code = """
from nexus.metrics.reserved import reserve_blocks
reserve_blocks()
from prometheus_client import Counter, CollectorRegistry
counter = Counter("a", "a", ["b"], registry=None)
for number in range(3000):
    counter.labels(f"some label {number}").inc()
print(counter.labels("some label 2999")._value.get())
"""
    with small_disk(tmp_path / "disk", "128k") as folder:
        environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr


# ---- dead workers -------------------------------------------------------------------------------


def key(name: str, **labels: str) -> str:
    """A figure's key, as prometheus_client has it."""
    return json.dumps([name, name, labels, "help"], sort_keys=True)


def scraped(folder: Path) -> dict[str, float]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return {
        f"{sample.name}{sample.labels}": sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def write_worker(folder: Path, pid: int) -> None:
    figures = {
        "counter": {key("c"): (pid, 0.0), key("only", pid=str(pid)): (1.0, 0.0)},
        "histogram": {key("h_bucket", le="1.0"): (2.0, 0.0), key("h_sum"): (0.5, 0.0)},
        "summary": {key("s_sum"): (1.5, 0.0)},
        "gauge_max": {key("most"): (pid % 7, 0.0)},
        "gauge_min": {key("least"): (pid % 7, 0.0)},
        "gauge_sum": {key("sum"): (pid, 0.0)},
        "gauge_mostrecent": {key("last"): (pid, 1000.0 - pid)},
        "gauge_all": {key("each"): (pid, 0.0)},
    }
    for kind, found in figures.items():
        write_figures(folder / f"{kind}_{pid}.db", found)


def test_dead_workers_become_one_and_no_figure_changes(tmp_path: Path) -> None:
    dead = DeadWorkers(tmp_path)
    for pid in range(100, 120):
        write_worker(tmp_path, pid)
    before = scraped(tmp_path)
    for pid in range(101, 120):
        dead.merge(pid, {100})
        assert scraped(tmp_path) == before
    names = sorted(path.name for path in tmp_path.glob("*.db"))
    kinds = {name.rpartition("_")[0] for name in names} - {"gauge_all"}
    assert {f"{kind}_0.db" for kind in kinds} | {f"{kind}_100.db" for kind in kinds} <= set(names)
    assert len(names) == 2 * len(kinds) + 20  # each gauge_all is a worker's own


def test_a_scrape_under_way_puts_it_off(tmp_path: Path) -> None:
    dead = DeadWorkers(tmp_path)
    for pid in (1, 2, 3):
        write_worker(tmp_path, pid)
    with all_figures(tmp_path):
        dead.merge(1, ())
        dead.merge(2, {1})  # 1 is a living worker's number again
        assert (tmp_path / "counter_2.db").exists()
    dead.merge(3, ())
    left = {path.name for path in tmp_path.glob("counter_*.db")}
    assert left == {"counter_0.db", "counter_1.db"}


def test_merging_waits_for_nobody_and_scrapes_wait_for_merging(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    code = "import sys, pathlib; from nexus.metrics.dead import all_figures\n"
    code += "print('asked', flush=True)\nwith all_figures(pathlib.Path(sys.argv[1])): print('got')"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as scrape:
        assert scrape.stdout is not None
        assert scrape.stdout.readline() == "asked\n"
        assert scrape.poll() is None
        os.close(descriptor)
        assert scrape.communicate(timeout=30)[0] == "got\n"
    with all_figures(tmp_path / "nowhere"):
        pass  # nothing can be locked where there is no folder


def test_a_full_disk_leaves_dead_workers_as_they_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_disk(tmp_path / "disk", "64k") as folder, caplog.at_level(logging.DEBUG):
        write_worker(folder, 1)
        before = scraped(folder)
        (folder / "lock").touch()
        with pytest.raises(OSError, match="space"):
            (folder / "ballast").write_bytes(bytes(64 << 10))
        dead = DeadWorkers(folder)
        dead.merge(1, ())
        assert scraped(folder) == before
        assert "not merged" in caplog.text
        (folder / "ballast").unlink()
        dead.merge(2, ())
        assert (folder / "counter_0.db").exists()
        assert not (folder / "counter_1.db").exists()
        assert scraped(folder) == before
