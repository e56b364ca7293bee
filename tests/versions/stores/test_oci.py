"""Versions in a docker-registry: how they lie there, and what a registry cannot promise."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import oras.client
import pytest

from nexus.errors import StoreUnavailable
from nexus.versions.ledger import Change, Ledger, Quotas
from nexus.versions.stores.choose import open_store
from nexus.versions.stores.oci import OciStore
from nexus.versions.stores.registry import digest_of
from nexus.versions.upload import Upload, lay_out
from tests.support import ABIS

from .servers import RegistryServer, registry

BY = Change("ann")
HASHED = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
"""`secret` by bcrypt"""


@pytest.fixture(scope="module")
def server() -> Iterator[RegistryServer]:
    with registry() as running:
        yield running


def store_at(server: RegistryServer, repository: str) -> OciStore:
    made = open_store(server.url(repository), Path())
    assert isinstance(made, OciStore)
    return made


def ledger(store: OciStore) -> Ledger:
    return Ledger(store, lambda: Quotas(10, 1 << 20))


def upload(text: str) -> Upload:
    files = {"hello.js": f'import "./word.js"; {text}'.encode(), "word.js": text.encode()}
    return lay_out("hello", files, b'route = "/hi"', ABIS)


def test_oras_pulls_what_serves_by_tag_and_any_version_by_digest(
    server: RegistryServer, tmp_path: Path
) -> None:
    with closing(store_at(server, "team/handlers")) as store:
        books = ledger(store)
        for text in ("one", "two"):
            books.deploy(upload(text), BY)
        found = store._registry.manifest("_v1.hello")
        assert found is not None
        manifest, digest = found
    assert manifest["artifactType"] == "application/vnd.nexus.version.v1"
    pinned = {
        layer["annotations"]["org.opencontainers.image.title"] for layer in manifest["layers"]
    }
    assert pinned == {"hello.js", "word.js", "hello.toml"}
    client = oras.client.OrasClient(insecure=True)
    place = f"127.0.0.1:{server.port}/team/handlers"
    pulled = {}
    for reference in (f"{place}:hello", f"{place}@{digest}", f"{place}:_v2.hello"):
        folder = tmp_path / str(len(pulled))
        client.pull(target=reference, outdir=str(folder))
        pulled[reference] = (folder / "word.js").read_text()
    assert list(pulled.values()) == ["two", "one", "two"]


class Racing(OciStore):
    """Before this store looks at what it wrote, another one writes."""

    other: Ledger | None = None

    def write(self, key: str, record: bytes, expected: str | None) -> str | None:
        other, self.other = self.other, None
        put = self._registry.put_manifest

        def then_another(tag: str, manifest: Any) -> str:
            written = put(tag, manifest)
            if other is not None and tag == "hello":
                self._registry.put_manifest = put  # type: ignore[method-assign]
                other.deploy(upload("of another"), Change("bob"))
            return written

        self._registry.put_manifest = then_another  # type: ignore[method-assign]
        return super().write(key, record, expected)


def test_a_writer_that_is_overwritten_at_once_notices(server: RegistryServer) -> None:
    place = f"127.0.0.1:{server.port}"
    racing = Racing(server.url("race"), place, "race", is_plain=True)
    with closing(store_at(server, "race")) as store, closing(racing):
        ledger(store).deploy(upload("first"), BY)
        racing.other = ledger(store)
        version, tag, _ = ledger(racing).deploy(upload("mine"), BY)
        record, now = ledger(store).read("hello")
        assert tag == now == store.tags()["handlers/hello"]
        assert record.weights == {version.id: 100}
        assert {event.by for event in record.history} == {"ann", "bob"}


def test_versions_that_were_deleted_leave_no_manifest(server: RegistryServer) -> None:
    with closing(store_at(server, "sweep")) as store:
        books = ledger(store)
        for text in ("one", "two"):
            books.deploy(upload(text), BY)
        books.delete("hello", "v1", BY)
        assert sorted(store._registry.tags()) == ["_changed", "_v1.hello", "_v2.hello", "hello"]
        assert store.sweep((), -5.0) == 1
        assert sorted(store._registry.tags()) == ["_changed", "_v2.hello", "hello"]


def test_bytes_that_are_not_those_pinned_are_refused(server: RegistryServer) -> None:
    with closing(store_at(server, "damaged")) as store:
        store.write("handlers/h", b"record", None)
        _, _, digest = digest_of(b"record").partition(":")
        (data,) = server.data.glob(f"docker/registry/v2/blobs/sha256/??/{digest}/data")
        data.write_bytes(b"recorD")
        with pytest.raises(StoreUnavailable, match=f"has other bytes for the blob sha256:{digest}"):
            store.read("handlers/h")


def test_a_registry_with_a_password(
    server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stop()
    server.ask_for_a_password("ann", HASHED)
    server.start()
    place = f"127.0.0.1:{server.port}"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    auths: dict[str, dict[str, str]] = {}
    with closing(store_at(server, "private")) as store:
        for given, wrong in ((None, "wants a password"), ("ann:no", "answered 401")):
            if given is not None:
                auths[place] = {"auth": base64.b64encode(given.encode()).decode()}
            (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
            store.close()
            with pytest.raises(StoreUnavailable, match=wrong):
                store.tags()
        auths[place] = {"auth": base64.b64encode(b"ann:secret").decode()}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
        store.close()
        assert store.write("tokens", b"x", None) is not None
        assert store.tags().keys() == {"tokens"}
