"""The functions of the operations on deployed versions."""

from __future__ import annotations

from typing import Any, Final

from nexus.errors import HandlerNotFound
from nexus.http.api.reply import Reply
from nexus.http.api.token import ApiClient
from nexus.http.api.uploads import Body, read_upload
from nexus.http.api.version_models import DeployQuery, SharedWeights
from nexus.model import Handler
from nexus.service import Service
from nexus.versions.ledger import Change
from nexus.versions.record import Record, Version
from nexus.versions.share import Share

_SHOWN_BYTES: Final = 256 << 10
"""Larger files are not shown as text"""


class VersionViews:
    """The operations by their ids; see `nexus.http.api.views.Views`."""

    def __init__(self, service: Service) -> None:
        self._versions, self._abis = service.versions, service.abis
        self._handlers = service.handlers

    def deploy_handler(
        self, name: str, upload: Body, query: DeployQuery, change: Change, client: ApiClient
    ) -> Reply:
        found = read_upload(name, upload, self._abis, query.note)

        def allow(handler: Handler) -> None:
            client.check_deploy(handler, self._handlers.catalogue.handlers.get(name))

        share = Share(query.weight, query.sticky)
        version, tag, is_new = self._versions.deploy(found, change, allow, share)
        place = f"/v1/handlers/{name}/versions/{version.id}"
        item = _item(version, query.weight)
        return Reply(item, tag, is_new=is_new, headers={"Location": place})

    def delete_handler(self, name: str, change: Change) -> None:
        self._versions.delete(name, None, change)

    def list_versions(self, name: str) -> Reply:
        record, tag = self._record(name)
        return Reply(_listed(name, record), tag)

    def set_weights(self, body: SharedWeights, name: str, change: Change) -> Reply:
        record, tag = self._versions.weigh(name, body.weights, body.sticky, change)
        return Reply(_listed(name, record), tag)

    def get_version(self, name: str, version: str) -> dict[str, Any]:
        record, _ = self._record(name)
        found = record.find(version)
        files = [
            {
                "path": path,
                "size_bytes": file.size_bytes,
                "digest": file.sha256,
                "text": self._text(file.sha256, file.size_bytes),
            }
            for path, file in sorted(found.files.items())
        ]
        manifest = found.files.get(f"{name}.toml")
        text = None if manifest is None else self._text(manifest.sha256, manifest.size_bytes)
        more = {"entry": found.entry, "manifest": text or "", "files": files}
        return {**_item(found, record.weights.get(found.id, 0)), **more}

    def activate_version(self, name: str, version: str, change: Change) -> Reply:
        record, tag = self._versions.weigh(name, {version: 100}, "", change)
        return Reply(_item(record.find(version), 100), tag)

    def delete_version(self, name: str, version: str, change: Change) -> None:
        self._versions.delete(name, version, change)

    def _record(self, name: str) -> tuple[Record, str | None]:
        record, tag = self._versions.read(name)
        if tag is None and name not in self._handlers.catalogue.handlers:
            raise HandlerNotFound(f"no handler {name!r}")
        return record, tag

    def _text(self, digest: str, size_bytes: int) -> str | None:
        content = self._versions.file(digest) if size_bytes <= _SHOWN_BYTES else None
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError:
            return None


def _listed(name: str, record: Record) -> dict[str, Any]:
    return {
        "handler": name,
        "versions": [_item(v, record.weights.get(v.id, 0)) for v in reversed(record.versions)],
        "weights": dict(record.weights),
        "sticky": record.sticky,
        "history": [event.model_dump() for event in reversed(record.history)],
    }


def _item(version: Version, weight: int) -> dict[str, Any]:
    fields = ("id", "digest", "created_at", "created_by", "note", "language", "size_bytes")
    return {**{name: getattr(version, name) for name in fields}, "weight": weight}
