"""What every store of versions must do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from nexus.compiler.cache import ArtifactCache
from nexus.compiler.shared import SharedArtifacts
from nexus.model import Compiled
from nexus.versions.store import VersionStore
from tests.compiler.test_cache import MADE
from tests.e2e.conftest import until

Make: TypeAlias = Callable[[], VersionStore]
"""Makes a store on the same place as the others of one test."""
Check: TypeAlias = Callable[[Make], None]
WRITERS: Final = 6


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def nothing_is_there_at_first(make: Make) -> None:
    with closing(make()) as store:
        assert (store.tags(), store.read("handlers/h"), store.get_blob(digest(b""))) == (
            {},
            None,
            None,
        )


def a_record_is_made_once_and_replaced_by_its_tag(make: Make) -> None:
    with closing(make()) as store, closing(make()) as other:
        assert store.write("handlers/h", b"x", "1") is None
        first = store.write("handlers/h", b"one", None)
        assert first is not None
        assert other.write("handlers/h", b"two", None) is None
        second = other.write("handlers/h", b"two", first)
        assert second not in (None, first)
        assert first.isalnum()
        assert store.write("handlers/h", b"three", first) is None
        assert store.read("handlers/h") == (b"two", second)
        assert store.write("tokens", b"\0\xff", None) is not None
        assert other.read("tokens") == (b"\0\xff", store.tags()["tokens"])
        assert other.tags() == store.tags()
        assert store.tags().keys() == {"handlers/h", "tokens"}
        assert store.tags()["handlers/h"] == second


def of_writers_at_once_one_wins(make: Make) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(make())) for _ in range(2)] * (WRITERS // 2)
        tag = stores[0].write("handlers/h", b"0", None)
        stores[1].tags()
        with ThreadPoolExecutor(WRITERS) as threads:
            for expected in (None, tag):
                key = "handlers/h" if expected else "handlers/new"
                written = list(
                    threads.map(
                        lambda at: stores[at].write(key, b"by %d" % at, expected),  # noqa: B023
                        range(WRITERS),
                    )
                )
                (winner,) = [at for at, made in enumerate(written) if made is not None]
                assert stores[0].read(key) == (b"by %d" % winner, written[winner])


def blobs_are_kept_by_their_digests(make: Make) -> None:
    small, large = b"", bytes(range(256)) * 8192
    with closing(make()) as store, closing(make()) as other:
        store.put_blobs({digest(small): small, digest(large): large})
        store.put_blobs({digest(small): small})
        store.put_blobs({})
        assert other.get_blob(digest(small)) == small
        assert other.get_blob(digest(large)) == large
        assert other.get_blob(digest(b"absent")) is None
        assert other.tags() == {}


def old_blobs_that_no_version_has_are_swept(make: Make) -> None:
    contents = [b"a", b"b", b"c"]
    with closing(make()) as store:
        store.put_blobs({digest(content): content for content in contents})
        assert store.sweep((), 3600.0) == 0
        assert store.sweep({digest(b"a")}, -5.0) == 2
        assert [store.get_blob(digest(content)) for content in contents] == [b"a", None, None]
        assert store.sweep((), -5.0) == 1


def artifacts_are_kept_by_their_keys(make: Make) -> None:
    with closing(make()) as store, closing(make()) as other:
        assert (store.artifacts(), store.get_artifact("a")) == ({}, None)
        store.put_artifact("a", b"\0old")
        store.put_artifact("b", bytes(1 << 20))
        assert other.get_artifact("a") == b"\0old"
        assert other.artifacts() == {"a": 4, "b": 1 << 20}
        other.put_artifact("a", b"new")
        assert store.get_artifact("a") == b"new"
        assert store.artifacts() == {"b": 1 << 20, "a": 3}
        assert (store.tags(), store.sweep((), -5.0)) == ({}, 0)
        store.delete_artifacts(["b", "absent"])
        assert other.artifacts() == {"a": 3}


def code_that_one_machine_made_another_takes(make: Make) -> None:
    with TemporaryDirectory() as scratch, closing(make()) as store:
        observed: list[str] = []
        one, two = (
            SharedArtifacts(make(), b"key", observed.append, lambda: 1 << 30) for _ in range(2)
        )
        first, second = (ArtifactCache(Path(scratch) / name, lambda _: None) for name in "12")
        first.shared = second.shared = one
        first.get_or_make(MADE.key, Compiled, lambda: MADE)
        until(lambda: observed == ["missing", "put"])
        second.shared = two
        taken = second.get_or_make(MADE.key, Compiled, never)
        assert (taken.artifact, taken.info) == (MADE.artifact, MADE.info)
        assert observed == ["missing", "put", "taken"]
        kept = store.get_artifact(MADE.key)
        assert kept is not None
        store.put_artifact(MADE.key, kept[:-1] + b"?")
        assert two.take(MADE.key) is None
        assert observed[-1] == "refused"


def never() -> Compiled:
    raise AssertionError("compiled again")


def a_closed_store_opens_again(make: Make) -> None:
    store = make()
    assert store.write("tokens", b"x", None) is not None
    store.close()
    store.close()
    found = store.read("tokens")
    store.close()
    assert found is not None
    assert found[0] == b"x"


CHECKS: Final[tuple[Check, ...]] = (
    nothing_is_there_at_first,
    a_record_is_made_once_and_replaced_by_its_tag,
    of_writers_at_once_one_wins,
    blobs_are_kept_by_their_digests,
    old_blobs_that_no_version_has_are_swept,
    artifacts_are_kept_by_their_keys,
    code_that_one_machine_made_another_takes,
    a_closed_store_opens_again,
)
