"""What every key-value store must do; also for the packages' own tests.

A check gets a `Place`, which makes stores that share one set of entries, here or elsewhere.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pytest

from nexus.plugin_api.stores import MAX_COUNT, Entry, NotACounter, Store, StoreFull, Terms
from tests.support import ROOT, until

TERMS: Final = Terms(20.0, 1 << 20)
BRIEF: Final = Terms(20.0, 1 << 20, ttl_ms=60)
LONG: Final = Terms(20.0, 1 << 20, ttl_ms=3_600_000)
PROCESSES: Final = 8


@dataclass
class Place:
    """Where one test's entries are."""

    make: Callable[[], Store]
    expression: str
    """Python that makes such a store in another process; `import` statements go before `; `"""
    made: list[Store] = field(default_factory=list)

    def store(self) -> Store:
        self.made.append(self.make())
        return self.made[-1]

    def close(self) -> None:
        for store in self.made:
            store.close()

    def start(self, body: str) -> subprocess.Popen[str]:
        """Run *body* in a process, where it finds `store`, `TERMS` and `json`. The process imports
        the store and little else, as there are many."""
        *imports, made = self.expression.split("; ")
        code = "\n".join(
            [
                "import json, sys, time",
                "from nexus.plugin_api.stores import Terms",
                f"TERMS = {TERMS!r}",
                *imports,
                f"store = {made}",
                body,
                "store.close()",
            ]
        )
        command = [sys.executable, "-c", code]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def finish(self, process: subprocess.Popen[str]) -> str:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return output


Check: TypeAlias = Callable[[Place], None]


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port of 127.0.0.1 where connections are accepted and nothing is ever answered."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        yield deaf.getsockname()[1]


def get(store: Store, key: str, namespace: str = "n") -> bytes | None:
    return store.get(namespace, key, 20.0)


def keys(store: Store, prefix: str = "", after: str = "", most: int = 100) -> list[str]:
    return [entry.key for entry in store.list("n", prefix, after, most, 20.0)]


def values_come_back_as_they_were(place: Place) -> None:
    store, other = place.store(), place.store()
    assert get(store, "k") is None
    for value in (b"", b"text", bytes(range(256)), b"x" * (1 << 20)):
        store.put("n", "k", value, Terms(20.0, 2 << 20))
        assert get(store, "k") == get(other, "k") == value
    store.delete("n", "k", 20.0)
    store.delete("n", "k", 20.0)
    assert get(other, "k") is None


def namespaces_are_apart(place: Place) -> None:
    store = place.store()
    for namespace in ("n", "n2", "handler:n", "n%"):
        store.put(namespace, "k", namespace.encode(), TERMS)
    assert get(store, "k", "n2") == b"n2"
    assert get(store, "k", "handler:n") == b"handler:n"
    store.delete("n2", "k", 20.0)
    assert get(store, "k", "n2") is None
    assert get(store, "k") == b"n"
    assert keys(store) == ["k"]


def lists_are_in_order_and_in_parts(place: Place) -> None:
    store = place.store()
    names = [
        "",
        "a",
        "a b",
        "a%",
        "a*",
        "a:1",
        "a:10",
        "a:2",
        "a\\",
        "a_",
        "b",
        "z",
        "é",
        "€",
        "😀",
    ]
    for name in reversed(names[1:]):
        store.put("n", name, b"v", TERMS)
    ordered = sorted(names[1:], key=str.encode)
    assert keys(store) == ordered
    assert keys(store, "a:") == ["a:1", "a:10", "a:2"]
    assert keys(store, "a%") == ["a%"]
    assert keys(store, "a*") == ["a*"]
    assert keys(store, "a\\") == ["a\\"]
    assert keys(store, "é") == ["é"]
    assert keys(store, "no") == []
    assert keys(store, "[") == []
    found: list[str] = []
    while part := keys(store, "a", found[-1] if found else "", 2):
        found += part
    assert found == [name for name in ordered if name.startswith("a")]


def entries_expire_at_their_time_and_not_before(place: Place) -> None:
    store = place.store()
    store.put("n", "kept", b"v", LONG)
    began = time.monotonic()
    store.put("n", "k", b"v", BRIEF)
    while get(store, "k") is not None:
        assert time.monotonic() - began < 20  # polled: it must end by itself
    assert time.monotonic() - began >= 0.055
    assert keys(store) == ["kept"]
    assert store.increment("n", "k", 1, TERMS) == 1
    (entry,) = list(store.list("n", "kept", "", 9, 20.0))
    assert isinstance(entry, Entry)
    assert entry.expires_ms is not None
    assert abs(entry.expires_ms - (time.time() * 1000 + 3_600_000)) < 60_000


def a_write_replaces_the_expiry(place: Place) -> None:
    store = place.store()
    store.put("n", "k", b"v", LONG)
    store.put("n", "k", b"v", TERMS)
    assert store.list("n", "", "", 9, 20.0)[0].expires_ms is None
    store.increment("n", "count", 1, LONG)
    store.increment("n", "count", 1, TERMS)
    assert store.list("n", "count", "", 9, 20.0)[0].expires_ms is not None
    assert store.compare_and_set("n", "k", b"v", b"w", LONG)
    assert store.list("n", "k", "", 9, 20.0)[0].expires_ms is not None


def expired_entries_are_no_part_of_the_size(place: Place) -> None:
    store = place.store()
    brief = Terms(20.0, 100, ttl_ms=20)
    store.put("n", "old", b"x" * 90, brief)
    until(lambda: get(store, "old") is None)
    store.put("n", "new", b"x" * 90, Terms(20.0, 100))
    assert keys(store) == ["new"]


def counters_count(place: Place) -> None:
    store = place.store()
    assert [store.increment("n", "c", by, TERMS) for by in (1, 41, -50, 0)] == [1, 42, -8, -8]
    assert get(store, "c") == b"-8"
    store.put("n", "c", str(MAX_COUNT).encode(), TERMS)
    for by, key in ((1, "c"), (1, "text")):
        store.put("n", "text", b"12a", TERMS)
        with pytest.raises(NotACounter):
            store.increment("n", key, by, TERMS)
    assert get(store, "c") == str(MAX_COUNT).encode()
    assert get(store, "text") == b"12a"
    assert store.increment("n", "c", -MAX_COUNT, TERMS) == 0


def compare_and_set_compares(place: Place) -> None:
    store = place.store()
    swap = store.compare_and_set
    assert swap("n", "k", None, b"1", TERMS)
    assert not swap("n", "k", None, b"2", TERMS)
    assert not swap("n", "k", b"", b"2", TERMS)
    assert swap("n", "k", b"1", b"\0\xff", TERMS)
    assert swap("n", "k", b"\0\xff", None, TERMS)
    assert get(store, "k") is None
    assert swap("n", "k", None, None, TERMS)
    assert not swap("n", "k", b"x", None, TERMS)


def a_namespace_has_a_most(place: Place) -> None:
    store = place.store()
    tight = Terms(20.0, 100)
    store.put("n", "key", b"x" * 97, tight)
    with pytest.raises(StoreFull):
        store.put("n", "k", b"", tight)
    with pytest.raises(StoreFull):
        store.increment("n", "k", 1, tight)
    with pytest.raises(StoreFull):
        store.compare_and_set("n", "k", None, b"v", tight)
    assert keys(store) == ["key"]
    store.put("n", "key", b"y" * 97, tight)
    store.put("other", "key", b"x" * 97, tight)
    store.put("n", "key", b"y" * 50, Terms(20.0, 10))  # smaller: allowed, though still too large
    store.delete("n", "key", 20.0)
    store.put("n", "key", b"x" * 97, tight)


def threads_share_a_store(place: Place) -> None:
    store = place.store()
    threads = [
        threading.Thread(target=lambda: [store.increment("n", "c", 1, TERMS) for _ in range(25)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(store, "c") == b"200"


def processes_race_and_nothing_is_lost(place: Place) -> None:
    store = place.store()
    store.put("n", "list", b"[]", TERMS)
    racing = [
        place.start(
            f"""
won = 0
for step in range(20):
    store.increment("n", "count", 1, TERMS)
    won += store.compare_and_set("n", f"lock{{step}}", None, b"{number}", TERMS)
    while True:
        old = store.get("n", "list", 20.0)
        new = json.dumps(json.loads(old) + [[{number}, step]]).encode()
        if store.compare_and_set("n", "list", old, new, TERMS):
            break
print(won)"""
        )
        for number in range(PROCESSES)
    ]
    won = sum(int(place.finish(process)) for process in racing)
    assert won == 20
    assert get(store, "count") == b"%d" % (20 * PROCESSES)
    found = json.loads(get(store, "list") or b"")
    assert sorted(found) == [[number, step] for number in range(PROCESSES) for step in range(20)]


def a_killed_writer_leaves_whole_entries(place: Place) -> None:
    store = place.store()
    for _ in range(3):
        process = place.start(
            """
n = int(store.get("n", "done", 20.0) or 0)
print("started", flush=True)
while True:
    n += 1
    store.put("n", "big", b"%d" % n * 20000, TERMS)
    store.put("n", "done", b"%d" % n, TERMS)"""
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        before = get(store, "done")
        until(lambda before=before: get(store, "done") != before)
        process.kill()
        process.communicate()
        value, done = get(store, "big") or b"", get(store, "done") or b""
        digits = value[: len(value) // 20000]
        assert value == digits * 20000
        assert int(digits) - int(done) in (0, 1)
        store.put("n", "after", b"v", TERMS)  # no lock was left behind


CHECKS: Final[tuple[Check, ...]] = (
    values_come_back_as_they_were,
    namespaces_are_apart,
    lists_are_in_order_and_in_parts,
    entries_expire_at_their_time_and_not_before,
    a_write_replaces_the_expiry,
    expired_entries_are_no_part_of_the_size,
    counters_count,
    compare_and_set_compares,
    a_namespace_has_a_most,
    threads_share_a_store,
    processes_race_and_nothing_is_lost,
    a_killed_writer_leaves_whole_entries,
)
