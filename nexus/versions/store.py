"""The protocol of a store for deployed versions.

A store holds small records, each under a key, and blobs under the digests of their content. That is
what a folder, a database, an object store and a registry all have; everything that versions need is
made of these two (`nexus/versions`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol


class VersionStore(Protocol):
    """Records and blobs. Thread-safe; several workers and pods may use one store at once.

    Every method raises StoreUnavailable if the store cannot be reached now.
    """

    @property
    def poll_s(self) -> float:
        """Return how many seconds lie between two looks at the tags. All workers must serve a new
        version within a second, which may take two looks."""
        ...

    @property
    def is_shared(self) -> bool:
        """Return whether other machines use it, too, so that a worker that cannot reach it must
        leave requests to others until it has read it once."""
        ...

    def tags(self) -> Mapping[str, str]:
        """Return the tag of each record, by key. Workers call this several times a second, so it
        must be cheap. A record's tag changes whenever the record does; it is made of letters and
        digits, as clients get it in an `ETag`."""
        ...

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return the record under *key* and its tag, or None if there is none."""
        ...

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        """Replace the record under *key*, whose tag must be *expected* (None: there must be no
        record), and return its new tag; return None if the tag is another. This must be atomic: of
        two writers that expect the same tag, one gets None; a writer that dies leaves the old
        record or the new one."""
        ...

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Keep *blobs*, by the SHA-256 of their content in hexadecimal, and note the time, also of
        those that are there already."""
        ...

    def get_blob(self, digest: str) -> bytes | None:
        """Return the blob with this *digest*, or None if there is none."""
        ...

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        """Delete the blobs that are not in *keep* and were put more than *older_than_s* ago;
        return how many."""
        ...

    # Compiled code that machines share (`nexus.compiler.shared`), which can be made again.

    def put_artifact(self, key: str, content: bytes) -> None:
        """Keep *content* under *key*, in the place of what was there."""
        ...

    def get_artifact(self, key: str) -> bytes | None:
        """Return what was put last under *key*, or None."""
        ...

    def artifacts(self) -> Mapping[str, int]:
        """Return the sizes of all artifacts in bytes, by key, the oldest first."""
        ...

    def delete_artifacts(self, keys: Collection[str]) -> None:
        """Delete the artifacts under *keys*."""
        ...

    def close(self) -> None:
        """Release the connection. The next call may open it again."""
        ...
