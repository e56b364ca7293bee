"""The store that the setting `version_store` names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from nexus.config.store_url import OCI, PLAIN, POSTGRESQL, S3, SQLITE, kind_of
from nexus.errors import ConfigError
from nexus.versions.sqlite import SqliteStore
from nexus.versions.store import VersionStore

_MODULES: Final = {POSTGRESQL: "psycopg", S3: "boto3", OCI: "oras"}
"""Maps a kind of store to the module it needs, which the extra of the same name installs"""

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""hosts whose registries speak HTTP, as docker takes them"""


def missing_package(url: str) -> str | None:
    """Return what to install for the store at *url*; None if nothing is missing."""
    kind = kind_of(url)
    module = _MODULES.get(kind)
    if module is None or find_spec(module) is not None:
        return None
    return f"which needs the package {module}: pip install 'nexus-runtime[{kind}]'"


def open_store(url: str, folder: Path) -> VersionStore:
    """Return the store at *url*, without connecting yet. *folder*: the setting `state_dir`.

    Raises: ConfigError for an unknown kind, or if a package is missing.
    """
    kind = kind_of(url)
    if missing := missing_package(url):
        raise ConfigError([f"version_store: found {url!r}, {missing}"])
    if kind == SQLITE:
        return SqliteStore(folder)
    # Late: each takes a package that only its users have.
    if kind == POSTGRESQL:
        from nexus.versions.stores.postgresql import PostgresqlStore

        return PostgresqlStore(url)
    if kind == S3:
        from nexus.versions.stores.s3 import S3Store

        parts = urlsplit(url)
        return S3Store(parts.netloc, parts.path.strip("/"))
    if kind == OCI:
        from nexus.versions.stores.oci import OciStore

        parts = urlsplit(url)
        is_plain = parts.scheme.endswith(PLAIN) or parts.hostname in _LOOPBACK
        return OciStore(url, parts.netloc, parts.path.strip("/"), is_plain=is_plain)
    raise ConfigError([f"version_store: found {url!r}, allowed: {SQLITE}, {', '.join(_MODULES)}"])
