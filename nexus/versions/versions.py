"""`Versions`: deploys, activates and deletes versions, and makes this worker serve them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from nexus.errors import HandlerError, InvalidArgument, InvalidHandler, Overloaded
from nexus.guest import Abis
from nexus.handlers.sources import Source, source_at
from nexus.model import Handler
from nexus.versions.deployed import Deployed, label_of
from nexus.versions.follower import Follower
from nexus.versions.ledger import Change, Ledger, Quotas
from nexus.versions.record import Record, Version
from nexus.versions.share import WHOLE, Share
from nexus.versions.store import VersionStore
from nexus.versions.tokens import Tokens
from nexus.versions.unpack import Unpacked
from nexus.versions.upload import Upload

SERVED_S: Final = 120.0
"""How long to wait until this worker serves what was deployed: the first load of all handlers may
be under way, which compiles them"""


class Serves(Protocol):
    """The part of the worker's handlers that versions need (`nexus.service.handlers.Handlers`)."""

    @property
    def loaded(self) -> bool:
        """True once the handlers were loaded."""
        ...

    def check(self, source: Source) -> Handler:
        """Load the handler of *source* without serving it. Raises: HandlerError."""
        ...

    def deploy(self, deployed: Sequence[Deployed]) -> None:
        """Serve *deployed* soon."""
        ...

    def wait_deployed(self, timeout_s: float) -> bool:
        """Wait until what `deploy` was called with serves; return whether it does."""
        ...


class Versions:
    """The deployed versions of all handlers. Thread-safe."""

    def __init__(
        self,
        store: VersionStore,
        folder: Path,
        abis: Abis,
        handlers: Serves,
        quotas: Callable[[], Quotas],
    ) -> None:
        """*folder*: where versions are unpacked."""
        self._store, self._abis, self._handlers = store, abis, handlers
        self._unpacked = Unpacked(folder)
        self._ledger = Ledger(store, quotas)
        self.tokens = Tokens(store)
        self._follower = Follower(store, self._ledger, self._unpacked, abis, handlers.deploy)
        self._is_known = False

    def start(self) -> None:
        """Serve what the store says, now and after changes."""
        self._follower.start()

    def close(self) -> None:
        """Stop looking at the store."""
        if self._follower.close():
            self._store.close()

    @property
    def problem(self) -> str | None:
        """The reason why the store cannot be read, or None if it can."""
        return self._follower.problem

    @property
    def is_known(self) -> bool:
        """False until this worker serves what the store had when it was first read: a path that
        nothing serves here may be one of a deployed handler."""
        if not self._is_known:
            handlers = self._handlers  # loaded after the first look
            is_served = handlers.loaded and handlers.wait_deployed(0.0)
            self._is_known = self._follower.is_known and is_served
        return self._is_known

    @property
    def knows_less(self) -> bool:
        """True if workers elsewhere may know what is deployed, while this one does not."""
        return self._store.is_shared and not self.is_known

    # ---- reading ----------------------------------------------------------------------------

    def read(self, name: str) -> tuple[Record, str | None]:
        """Return a handler's record and its tag. Raises: StoreUnavailable."""
        return self._ledger.read(name)

    def file(self, digest: str) -> bytes | None:
        """Return a file of a version, by its digest. Raises: StoreUnavailable."""
        return self._store.get_blob(digest)

    # ---- changing ---------------------------------------------------------------------------

    def deploy(
        self,
        upload: Upload,
        change: Change,
        allowed: Callable[[Handler], None],
        share: Share = WHOLE,
    ) -> tuple[Version, str, bool]:
        """Check *upload*, keep it and let it serve its *share*; return the version, the record's
        tag, and whether it is new. *allowed* raises if the client may not deploy the handler.

        Raises: HandlerError if it cannot serve; InvalidArgument for *share*; PreconditionFailed,
            QuotaExceeded, StoreUnavailable.
        """
        digest = upload.digest
        folder = self._unpacked.write(digest, upload.files)
        source = source_at(folder / upload.entry, self._abis)
        try:
            checked = self._handlers.check(replace(source, label=label_of(upload.name)))
            allowed(checked)
            if share.weight < 100:
                record, _ = self._ledger.read(upload.name)
                _check_route({checked.route, *self._routes(upload.name, record, record.weights)})
            version, tag, is_new = self._ledger.deploy(upload, change, share)
        except (HandlerError, InvalidArgument):
            if self._ledger.read(upload.name)[0].with_digest(digest) is None:
                self._unpacked.discard(digest)
            raise
        self._serve(upload.name)
        return version, tag, is_new

    def weigh(
        self, name: str, weights: Mapping[str, int], sticky: str, change: Change
    ) -> tuple[Record, str]:
        """Let the versions in *weights* serve, each its part of a hundred requests.

        Raises: InvalidArgument unless they add up to 100; HandlerError if one cannot serve;
            VersionNotFound, PreconditionFailed, StoreUnavailable.
        """
        total = sum(weights.values())
        if total != WHOLE.weight:
            raise InvalidArgument(f"weights: they add up to {total}, allowed: {WHOLE.weight}")
        record, _ = self._ledger.read(name)
        _check_route(self._routes(name, record, weights))
        made = self._ledger.weigh(name, weights, sticky, change)
        self._serve(name)
        return made

    def delete(self, name: str, id: str | None, change: Change) -> None:
        """Delete one version, or with *id* None all of them: then the handler serves no more, or a
        file of its name in the handlers folder serves again.

        Raises: VersionNotFound, VersionConflict, PreconditionFailed, StoreUnavailable.
        """
        self._ledger.delete(name, id, change)
        if id is None:
            self._serve(name)

    def _routes(self, name: str, record: Record, ids: Iterable[str]) -> set[str]:
        """Return the routes of versions, each of which loads. Raises: HandlerError."""
        sources = [self._follower.source_of(name, record.find(id)) for id in ids]
        return {self._handlers.check(source).route for source in sources}

    def _serve(self, name: str) -> None:
        self._follower.look()
        if not self._handlers.wait_deployed(SERVED_S):
            raise Overloaded(f"{name} is deployed, but this worker is still loading its handlers")


def _check_route(routes: Collection[str]) -> None:
    if len(routes) > 1:
        found = ", ".join(sorted(routes))
        raise InvalidHandler(f"versions that serve side by side need one route: found {found}")
