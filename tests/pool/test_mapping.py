"""A memory that is mapped from its snapshot goes back to it whole, whatever was written."""

from __future__ import annotations

import mmap
import os
import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.model import Compiled, Isolation, Snapshot
from nexus.plugin_api.engine import Engine
from nexus.pool import mapping
from nexus.pool.faults import counts_first_writes
from nexus.pool.image import SnapshotImage, shared
from nexus.pool.instance import WasmInstance
from nexus.pool.mapping import PAGE_BYTES, SMALLEST_BYTES, Mapping, can_map, map_over
from tests import support
from tests.pool.guests import counts, pool_of, serve
from tests.support import PAGE, build, calls, handler, prepared, run

PAGES = 96
SIZE = PAGES * PAGE_BYTES
CONTENT = random.Random(7).randbytes(SIZE)

pytestmark = pytest.mark.skipif(
    not can_map(os.getpid()), reason="this kernel does not tell which pages were written"
)

WRITES = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, 3 * PAGE_BYTES), st.integers(0, 255)),
    max_size=40,
)


def mapped(*, base: bytes | None = None) -> tuple[Mapping, memoryview]:
    memory = memoryview(mmap.mmap(-1, SIZE))
    over = None if base is None else SnapshotImage(base)
    return Mapping(SnapshotImage(CONTENT, over=over), memory), memory


@settings(deadline=None, max_examples=150)
@given(
    rounds=st.lists(WRITES, min_size=1, max_size=6),
    other=st.none() | st.sets(st.integers(0, PAGES - 1)),
    counts=st.booleans(),
)
def test_whatever_is_written_goes(
    rounds: list[list[tuple[int, int, int]]], other: set[int] | None, counts: bool
) -> None:
    """With an image of its own, and with one over a base that has *other* pages; where the kernel
    *counts* a thread's page faults, and where it does not."""
    base = None if other is None else bytearray(CONTENT)
    for page in other or ():
        assert base is not None
        base[page * PAGE_BYTES] ^= 1
    made, memory = mapped(base=None if base is None else bytes(base))
    if not counts:
        made._counter = None
    assert memory == CONTENT
    for writes in rounds:
        for start, length, value in writes:
            end = min(SIZE, start + length)
            memory[start:end] = bytes([value]) * (end - start)
        covered = made.written()
        for page in range(0, SIZE, PAGE_BYTES):
            if memory[page : page + PAGE_BYTES] != CONTENT[page : page + PAGE_BYTES]:
                assert any(start <= page < end for start, end in covered)
        made.reset()
        assert memory == CONTENT


def test_what_is_only_read_stays_shared() -> None:
    made, memory = mapped()
    assert sum(memory[::PAGE_BYTES]) >= 0
    assert (made.written(), made.private_bytes()) == ([], 0)
    memory[5 * PAGE_BYTES] = 1
    assert made.written() == [(5 * PAGE_BYTES, 6 * PAGE_BYTES)]
    assert made.private_bytes() == PAGE_BYTES
    made.reset()  # the page stays private, so that the next write is quick
    assert made.private_bytes() == PAGE_BYTES


def test_the_pagemap_is_read_only_after_a_first_write(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts_first_writes(os.getpid())  # like the kernels that CI and users have
    made, memory = mapped()
    memory[0] ^= 1
    memory[4 * PAGE_BYTES] ^= 1
    made.reset()
    reads = []
    real = mapping._libc.pread

    def pread(*arguments: int) -> int:
        reads.append(arguments)
        return int(real(*arguments))

    monkeypatch.setattr(mapping, "_libc", SimpleNamespace(pread=pread))
    for _ in range(100):
        memory[0] ^= 1
        made.reset()
        assert memory == CONTENT
    assert len(reads) < 50  # each fault of this thread, say of its allocator, causes one
    reads.clear()
    with open("/proc/self/exe", "rb") as file:  # the kernel writes for the thread
        os.readv(file.fileno(), [memory[9 * PAGE_BYTES : 10 * PAGE_BYTES]])
    made.reset()
    assert memory == CONTENT
    assert reads


def test_with_many_private_pages_the_mapping_is_made_anew() -> None:
    made, memory = mapped()
    for page in range(PAGES // 2 + 1):
        memory[page * PAGE_BYTES] ^= 1
    made.reset()
    assert memory == CONTENT
    assert made.written() == []


def test_a_snapshot_cannot_be_changed_or_cut_short() -> None:
    image = SnapshotImage(CONTENT)
    with pytest.raises(PermissionError):
        os.ftruncate(image.fd, 10)
    with pytest.raises(PermissionError):
        os.pwrite(image.fd, b"x", 0)
    assert image.view == CONTENT


def test_small_memories_and_others_lengths_are_copied() -> None:
    small = shared(Snapshot(bytes(SMALLEST_BYTES - PAGE_BYTES), ()))
    assert map_over(small.image, memoryview(mmap.mmap(-1, len(small.memory)))) is None
    assert (
        map_over(shared(Snapshot(CONTENT, ())).image, memoryview(mmap.mmap(-1, 2 * SIZE))) is None
    )
    assert map_over(None, memoryview(mmap.mmap(-1, SIZE))) is None
    assert shared(Snapshot(b"", ())).image is None


def test_a_forked_process_reads_its_own_pagemap() -> None:
    mapped()
    child = os.fork()
    if child == 0:
        made, memory = mapped()
        memory[3 * PAGE_BYTES] ^= 255
        made.reset()
        os._exit(0 if memory == CONTENT else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# ---- in real instances ------------------------------------------------------------------------

BIG = """(module (memory (export "memory") 8 16)
  (data (i32.const 70000) "snapshot")
  (global $g (mut i32) (i32.const 5))
  (func (export "store")
    (global.set $g (i32.const 6))
    (i32.store8 (i32.const 0) (i32.const 77))
    (i32.store (i32.const 131070) (i32.const -1))
    (i64.store (i32.const 524280) (i64.const -1)))
  (func (export "fill") (memory.fill (i32.const 60000) (i32.const 9) (i32.const 200000)))
  (func (export "copy") (memory.copy (i32.const 300000) (i32.const 70000) (i32.const 8)))
  (func (export "grow") (drop (memory.grow (i32.const 1)))))"""


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)


@pytest.fixture
def compiled(engine: Engine) -> Compiled:
    return build(engine, BIG)


@pytest.mark.parametrize("export", ["store", "fill", "copy"])
def test_an_instance_goes_back_whole(engine: Engine, compiled: Compiled, export: str) -> None:
    pool, served = pool_of(engine), handler(compiled)
    serve(pool, served)
    for _ in range(3):
        serve(pool, served, export)
        by = run()
        instance = pool.acquire(served, by)
        now = instance._engine_instance
        assert now is not None
        assert now.memory() == instance._snapshot.memory
        assert now.read_globals() == instance._snapshot.globals == (5,)
        assert instance._mapping is not None
        pool.release(instance, served, by)
    assert counts(pool) == (0, 1, 1)
    assert pool.total_memory() < 8 * PAGE  # what it did not write is shared


def test_one_that_grew_is_replaced(engine: Engine, compiled: Compiled) -> None:
    pool, served = pool_of(engine), handler(compiled)
    serve(pool, served, "grow")
    assert counts(pool) == (0, 0, 1)


def test_prepared_instances_begin_at_their_snapshot(engine: Engine, compiled: Compiled) -> None:
    snapshot = shared(Snapshot(CONTENT[: 10 * PAGE].ljust(10 * PAGE, b"."), (11,)))
    pool, served = pool_of(engine), handler(prepared(compiled, "snapped", snapshot))
    for isolated in (served, handler(served.compiled, isolation=Isolation.FRESH)):
        by = run()
        instance = pool.acquire(isolated, by)
        now = instance._engine_instance
        assert now is not None
        assert now.memory() == snapshot.memory
        assert now.read_globals() == (11,)
        instance.execute(isolated.compiled, calls("store"), handler=isolated, run=by)
        pool.release(instance, isolated, by)


def test_where_the_pagemap_cannot_be_read_the_instance_is_replaced(
    engine: Engine, compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, served = pool_of(engine), handler(compiled)
    serve(pool, served, "store")
    monkeypatch.setattr(Mapping, "_look", _fail)
    serve(pool, served, "store")
    assert counts(pool) == (0, 0, 1)


def test_without_a_pagemap_memories_are_copied(
    engine: Engine, compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "can_map", lambda process: False)
    pool, served = pool_of(engine), handler(compiled)
    serve(pool, served, "store")
    by = run()
    instance: WasmInstance = pool.acquire(served, by)
    assert (instance._mapping, instance.written()) == (None, None)
    assert instance._engine_instance is not None
    assert instance._engine_instance.memory() == instance._snapshot.memory
    pool.release(instance, served, by)
    assert counts(pool) == (0, 1, 1)


def _fail(self: Mapping) -> None:
    raise OSError("no pagemap")
