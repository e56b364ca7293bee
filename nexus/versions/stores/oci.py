"""The store in a repository of an OCI registry.

A record is a manifest, by the conventions of ORAS, under a tag: `NAME` for a handler's, with the
record as its first layer and the files of the version that serves as the others, so that `oras
pull HOST/REPOSITORY:NAME` writes them. Each version has a manifest under `_ID.NAME`, which keeps
its files from the registry's garbage collection. Other keys, artifacts, and the digest that says
that something has changed, have tags that begin with `_`, too: no handler's name does.

A registry has no conditional writes. Of two writers within the same few milliseconds the earlier
one may be overwritten (`write`); docs/versions.md says so.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Final

import requests
from pydantic import ValidationError

from nexus.errors import StoreUnavailable
from nexus.versions.record import PREFIX, Record, Version, ranked
from nexus.versions.stores.registry import MANIFEST, Registry, digest_of

RECORD_TYPE: Final = "application/vnd.nexus.record.v1+json"
HANDLER_TYPE: Final = "application/vnd.nexus.handler.v1"
VERSION_TYPE: Final = "application/vnd.nexus.version.v1"
ARTIFACT_TYPE: Final = "application/vnd.nexus.artifact.v1"
FILE_TYPE: Final = "application/vnd.nexus.file.v1"
_EMPTY: Final = b"{}"
_EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"
_TITLE: Final = "org.opencontainers.image.title"
_CREATED: Final = "org.opencontainers.image.created"
_KEY: Final = "dev.nexus.key"
_CHANGED: Final = "_changed"
_ARTIFACT: Final = "_artifact."
_LOOK_S: Final = 30.0
"""How long the tags are believed while `_changed` stays: a writer may die before it sets that"""


class OciStore:
    """Records, blobs and artifacts in one repository; see `nexus.versions.store`."""

    poll_s = 0.5
    is_shared = True

    def __init__(self, url: str, host: str, repository: str, *, is_plain: bool) -> None:
        self._url = url
        self._registry = Registry(host, repository, is_plain=is_plain)
        self._known: set[str] = set()
        """versions and blobs that the registry has had, so that it is not asked again"""
        self._seen: tuple[str | None, float, dict[str, str]] = None, float("-inf"), {}
        """what `_changed` named, when all tags were looked at, and what they were"""

    def tags(self) -> Mapping[str, str]:
        with self._reported():
            changed = self._registry.digest(_CHANGED)  # before the tags: a later change differs
            before, at, tags = self._seen
            now = time.monotonic()
            if changed != before or now - at > _LOOK_S:
                found = {tag: key for tag in self._registry.tags() if (key := _key_of(tag))}
                digests = {key: self._registry.digest(tag) for tag, key in found.items()}
                tags = {key: _hex(digest) for key, digest in digests.items() if digest}
                self._seen = changed, now, tags
            return dict(tags)

    def read(self, key: str) -> tuple[bytes, str] | None:
        with self._reported():
            found = self._registry.manifest(_tag_of(key))
            if found is None:
                return None
            manifest, digest = found
            return self._layer(manifest, key), _hex(digest)

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        """See `VersionStore.write`. A writer that comes between this one's look and its write is
        overwritten; one that comes between the write and the look after it wins."""
        with self._reported():
            tag = _tag_of(key)
            now = self._registry.digest(tag)
            if (None if now is None else _hex(now)) != expected:
                return None
            layers = [self._put(record, RECORD_TYPE)]
            parsed = _parsed(key, record)
            for version in parsed.versions:
                self._keep(key.removeprefix(PREFIX), version)
            if parsed.weights:
                layers += _files(parsed.find(ranked(parsed.weights)[0]))
            written = self._registry.put_manifest(tag, self._manifest(HANDLER_TYPE, key, layers))
            is_ours = self._registry.digest(tag) == written
            self._registry.put_manifest(
                _CHANGED, self._manifest(HANDLER_TYPE, f"{key} {written}", [])
            )
            return _hex(written) if is_ours else None

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        with self._reported():
            for content in blobs.values():
                self._registry.put_blob(content)

    def get_blob(self, digest: str) -> bytes | None:
        with self._reported():
            return self._registry.blob(f"sha256:{digest}")

    def sweep(self, keep: Collection[str], older_than_s: float) -> int:
        """Delete the manifests of versions that no record has; the registry's own garbage
        collection then deletes their files."""
        with self._reported():
            deleted = 0
            for tag in self._registry.tags():
                id, _, name = tag.removeprefix("_").partition(".")
                if not tag.startswith("_v") or not name:
                    continue
                found, record = self._registry.manifest(tag), self.read(PREFIX + name)
                ids = () if record is None else _parsed(PREFIX + name, record[0]).versions
                if found is None or any(version.id == id for version in ids):
                    continue
                if time.time() - _created(found[0]) > older_than_s:
                    deleted += self._registry.delete_manifest(found[1])
            return deleted

    def put_artifact(self, key: str, content: bytes) -> None:
        with self._reported():
            layer = self._put(content, ARTIFACT_TYPE)
            manifest = self._manifest(ARTIFACT_TYPE, key, [layer], time.time())
            self._registry.put_manifest(_ARTIFACT + key, manifest)

    def get_artifact(self, key: str) -> bytes | None:
        with self._reported():
            found = self._registry.manifest(_ARTIFACT + key)
            return None if found is None else self._layer(found[0], key)

    def artifacts(self) -> Mapping[str, int]:
        with self._reported():
            tags = [tag for tag in self._registry.tags() if tag.startswith(_ARTIFACT)]
            found = [(tag, self._registry.manifest(tag)) for tag in tags]
            sizes = [
                (_created(manifest[0]), tag.removeprefix(_ARTIFACT), manifest[0]["layers"][0])
                for tag, manifest in found
                if manifest is not None
            ]
            return {key: layer["size"] for _, key, layer in sorted(sizes, key=lambda s: s[:2])}

    def delete_artifacts(self, keys: Collection[str]) -> None:
        with self._reported():
            for key in keys:
                if digest := self._registry.digest(_ARTIFACT + key):
                    self._registry.delete_manifest(digest)

    def close(self) -> None:
        self._registry.close()

    # ---- manifests --------------------------------------------------------------------------

    def _keep(self, name: str, version: Version) -> None:
        """Push the manifest of *version* unless the registry has it."""
        layers = _files(version)
        manifest = self._manifest(VERSION_TYPE, version.digest, layers, version.created_at)
        mark = f"{name} {version.id} {version.digest}"
        if mark not in self._known:
            self._registry.put_manifest(f"_{version.id}.{name}", manifest)
            self._known.add(mark)

    def _manifest(
        self, kind: str, key: str, layers: list[dict[str, Any]], created_at: float | None = None
    ) -> dict[str, Any]:
        annotations = {_KEY: key}
        if created_at is not None:
            created = datetime.fromtimestamp(created_at, timezone.utc)
            annotations[_CREATED] = created.isoformat()
        empty = self._put(_EMPTY, _EMPTY_TYPE)
        return {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "config": empty,
            "layers": layers or [empty],
            "annotations": annotations,
        }

    def _put(self, content: bytes, kind: str) -> dict[str, Any]:
        """Keep a blob; return its descriptor."""
        digest = digest_of(content)
        if content != _EMPTY or digest not in self._known:
            self._known.add(self._registry.put_blob(content))
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def _layer(self, manifest: Mapping[str, Any], key: str) -> bytes:
        """Return the first layer, whose digest the manifest pins."""
        digest = str(manifest["layers"][0]["digest"])
        content = self._registry.blob(digest)
        if content is None or digest_of(content) != digest:
            what = "lacks" if content is None else "has other bytes for"
            raise ValueError(f"it {what} the blob {digest} of {key}")
        return content

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, ValueError, LookupError) as error:
            self._known.clear()
            raise StoreUnavailable(f"the store {self._url} cannot be used: {error}") from error


def _files(version: Version) -> list[dict[str, Any]]:
    """Return the descriptors of a version's files, which `oras pull` writes by their titles."""
    return [
        {
            "mediaType": FILE_TYPE,
            "digest": f"sha256:{file.sha256}",
            "size": file.size_bytes,
            "annotations": {_TITLE: path},
        }
        for path, file in version.files.items()
    ]


def _parsed(key: str, record: bytes) -> Record:
    """Return a handler's record; an empty one for another key, or for no record."""
    if not key.startswith(PREFIX):
        return Record()
    try:
        return Record.model_validate_json(record)
    except ValidationError:
        return Record()


def _created(manifest: Mapping[str, Any]) -> float:
    found = manifest.get("annotations", {}).get(_CREATED)
    return datetime.fromisoformat(found).timestamp() if found else 0.0


def _tag_of(key: str) -> str:
    return key.removeprefix(PREFIX) if key.startswith(PREFIX) else f"_key.{key}"


def _key_of(tag: str) -> str | None:
    """Return the key of the record under *tag*, or None if it names something else."""
    if tag.startswith("_key."):
        return tag.removeprefix("_key.")
    return None if tag.startswith("_") else PREFIX + tag


def _hex(digest: str) -> str:
    return digest.partition(":")[2]
