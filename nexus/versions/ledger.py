"""Changes of handlers' records: each is one write, which fails if another came in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from nexus.errors import (
    Overloaded,
    PreconditionFailed,
    QuotaExceeded,
    StoreUnavailable,
    VersionConflict,
    VersionNotFound,
)
from nexus.versions.record import PREFIX, Event, Record, StoredFile, Version, key_of
from nexus.versions.share import WHOLE, Share
from nexus.versions.store import VersionStore
from nexus.versions.upload import Upload, digest_of

log = logging.getLogger("nexus.audit")

_TRIES: Final = 10
"""writers at once, of whom each makes the others begin again"""
_UNUSED_S: Final = 3600.0
"""How old a blob must be that no version has: an upload puts its blobs before its record"""
ANY: Final = "*"


@dataclass(frozen=True)
class Quotas:
    """How much may be deployed."""

    versions: int
    """kept of one handler; beyond, the oldest that does not serve is deleted"""
    bytes: int
    """of all versions of all handlers"""


@dataclass(frozen=True)
class Change:
    """Who changes something, and what it must be before: tags of which one holds, or `ANY`."""

    by: str
    if_match: Sequence[str] = ()


class Ledger:
    """The records of all handlers. Thread-safe."""

    def __init__(self, store: VersionStore, quotas: Callable[[], Quotas]) -> None:
        self._store, self._quotas = store, quotas

    # ---- reading ----------------------------------------------------------------------------

    def read(self, name: str) -> tuple[Record, str | None]:
        """Return the handler's record and its tag: an empty one and None if there is none.

        Raises: StoreUnavailable.
        """
        found = self._store.read(key_of(name))
        if found is None:
            return Record(), None
        try:
            return Record.model_validate_json(found[0]), found[1]
        except ValidationError as error:
            raise StoreUnavailable(f"the record of {name} in the store is damaged") from error

    def all(self) -> dict[str, Record]:
        """Return all records, by handler. Raises: StoreUnavailable."""
        names = [key.removeprefix(PREFIX) for key in self._store.tags() if key.startswith(PREFIX)]
        return {name: self.read(name)[0] for name in names}

    # ---- changing ---------------------------------------------------------------------------

    def deploy(
        self, upload: Upload, change: Change, share: Share = WHOLE
    ) -> tuple[Version, str, bool]:
        """Keep *upload* and let it serve its *share*; return the version, the record's tag, and
        whether it is new. If a version with the same files exists, that one serves.

        Raises: InvalidArgument if no version serves that could give the share; PreconditionFailed,
            QuotaExceeded, StoreUnavailable.
        """
        blobs = {digest_of(content): content for content in upload.files.values()}
        self._check_room(upload)
        self._store.put_blobs(blobs)
        is_new = False
        version: Version | None = None

        def add(record: Record) -> Record:
            nonlocal version, is_new
            version = record.with_digest(upload.digest)
            is_new = version is None
            if version is None:
                version = _made(record.last + 1, upload, change.by)
                record = record.model_copy(
                    update={"versions": (*record.versions, version), "last": record.last + 1}
                )
            weights, sticky = share.taken(record, version.id)
            if not is_new and (record.weights, record.sticky) == (weights, sticky):
                return record
            record = record.model_copy(update={"weights": weights, "sticky": sticky})
            action = "deploy" if is_new else "activate"
            event = _event(action, change, version.id, share.detail)
            return self._pruned(record.noted(event), change)

        tag = self._change(upload.name, change, add)
        assert version is not None
        return version, tag, is_new

    def weigh(
        self, name: str, weights: Mapping[str, int], sticky: str, change: Change
    ) -> tuple[Record, str]:
        """Let the versions in *weights* serve, each its part of a hundred requests; return the
        record and its tag.

        Raises: VersionNotFound, PreconditionFailed, StoreUnavailable.
        """
        made = Record()

        def weigh(record: Record) -> Record:
            nonlocal made
            for id in weights:
                record.find(id)
            made = record
            if (record.weights, record.sticky) != (dict(weights), sticky):
                made = record.model_copy(update={"weights": dict(weights), "sticky": sticky})
                alone = next(iter(weights)) if len(weights) == 1 else None
                shares = "" if alone else ", ".join(f"{id} {n} %" for id, n in weights.items())
                action = "activate" if alone else "weights"
                made = made.noted(_event(action, change, alone, shares))
            return made

        tag = self._change(name, change, weigh)
        return made, tag

    def delete(self, name: str, id: str | None, change: Change) -> None:
        """Delete one version, or with *id* None all of the handler, which then serves no more.

        Raises: VersionNotFound; VersionConflict if the version serves; PreconditionFailed,
            StoreUnavailable.
        """

        def remove(record: Record) -> Record:
            if id is None:
                if not record.versions:
                    raise VersionNotFound(f"no version of handler {name!r} is deployed")
                empty = {"versions": (), "weights": {}, "sticky": ""}
                return record.model_copy(update=empty).noted(_event("delete", change, None))
            version = record.find(id)
            if id in record.weights:
                raise VersionConflict(f"version {id} serves; activate another one before")
            left = tuple(other for other in record.versions if other is not version)
            removed = record.model_copy(update={"versions": left})
            return removed.noted(_event("delete", change, id))

        self._change(name, change, remove)
        self.sweep()

    def sweep(self) -> None:
        """Delete the files that no version has. Raises: StoreUnavailable."""
        self._store.sweep(_used(self.all()).keys(), _UNUSED_S)

    # ---- inside -----------------------------------------------------------------------------

    def _change(self, name: str, change: Change, make: Callable[[Record], Record]) -> str:
        """Replace the record by what *make* makes of it; return the new tag."""
        for _ in range(_TRIES):
            record, tag = self.read(name)
            if change.if_match:
                exists = ANY in change.if_match and bool(record.versions)
                if tag not in change.if_match and not exists:
                    raise PreconditionFailed(
                        f"the versions of {name!r} have changed since: their tag is now "
                        f'"{tag or ""}"; look at them again'
                    )
            made = make(record)
            if made == record and tag is not None:
                return tag
            written = self._store.write(key_of(name), made.model_dump_json().encode(), tag)
            if written is not None:
                _log(name, made.history[len(record.history) :] or made.history[-1:])
                return written
        raise Overloaded(f"too many clients change the versions of {name!r} at once")

    def _check_room(self, upload: Upload) -> None:
        used = _used(self.all())
        more = {
            digest: len(content)
            for content in upload.files.values()
            if (digest := digest_of(content)) not in used
        }
        total, most = sum(used.values()) + sum(more.values()), self._quotas().bytes
        if total > most:
            raise QuotaExceeded(
                f"all versions together would have {total} bytes; allowed: {most} "
                "(max_versions_mb); delete some"
            )

    def _pruned(self, record: Record, change: Change) -> Record:
        """Return *record* without the oldest versions that are too many and do not serve."""
        excess = len(record.versions) - self._quotas().versions
        idle = [version for version in record.versions if version.id not in record.weights]
        gone = idle[: max(excess, 0)]
        if not gone:
            return record
        left = tuple(version for version in record.versions if version not in gone)
        events = (_event("prune", change, version.id) for version in gone)
        return record.model_copy(update={"versions": left}).noted(*events)


def _made(number: int, upload: Upload, by: str) -> Version:
    return Version(
        id=f"v{number}",
        digest=upload.digest,
        created_at=time.time(),
        created_by=by,
        note=upload.note,
        language=upload.language,
        entry=upload.entry,
        files={
            path: StoredFile(sha256=digest_of(content), size_bytes=len(content))
            for path, content in upload.files.items()
        },
    )


def _event(action: str, change: Change, version: str | None, detail: str = "") -> Event:
    found = {"at": time.time(), "by": change.by, "action": action, "version": version}
    return Event.model_validate({**found, "detail": detail})


def _used(records: Mapping[str, Record]) -> dict[str, int]:
    """Return the sizes of all files that versions have, by digest."""
    return {
        file.sha256: file.size_bytes
        for record in records.values()
        for version in record.versions
        for file in version.files.values()
    }


def _log(name: str, events: Sequence[Event]) -> None:
    for event in events:
        fields = {"handler": name, "version": event.version, "by": event.by}
        log.info(
            "%s %s %s by %s%s",
            event.action,
            name,
            event.version or "all versions",
            event.by,
            f": {event.detail}" if event.detail else "",
            extra={"fields": fields},
        )
