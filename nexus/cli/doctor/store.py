"""Checks the store of deployed versions and tokens."""

from __future__ import annotations

import os
from typing import Final

from nexus.cli.doctor.finding import Finding, error, ok, warning
from nexus.config import Settings
from nexus.config.store_url import OCI, POSTGRESQL, S3, SQLITE, kind_of
from nexus.errors import StoreUnavailable
from nexus.versions.record import PREFIX
from nexus.versions.stores.choose import open_store

_SUBJECT: Final = "versions"
_CURES: Final = {
    SQLITE: "let this user read and write it, or set state_dir to another folder",
    POSTGRESQL: "check host, role and database in version_store, and PGPASSWORD or PG...FILE",
    S3: "check the bucket in version_store, and the credentials, region and endpoint (AWS_...)",
    OCI: "check host and repository in version_store, and the credentials in DOCKER_CONFIG",
}


def check_store(settings: Settings) -> Finding:
    """Check that the store of versions can be read, and that a local one can be written."""
    url, folder = settings.version_store, settings.state_dir
    kind = kind_of(url)
    store = open_store(url, folder)  # its package is here: the settings were checked
    try:
        handlers = [key for key in store.tags() if key.startswith(PREFIX)]
    except StoreUnavailable as wrong:
        lost = "deployed versions do not serve" if kind == SQLITE else "the server is not ready"
        return error(_SUBJECT, f"{wrong}: {lost}", _CURES[kind])
    finally:
        store.close()
    if kind == SQLITE:
        above = next(place for place in (folder, *folder.parents) if place.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            return warning(
                _SUBJECT,
                f"{folder} cannot be written: nothing can be deployed",
                "set state_dir to a folder that outlives the server, or version_store",
            )
    where = f"{kind} in {folder}" if kind == SQLITE else url
    return ok(_SUBJECT, f"{where}; handlers with versions: {len(handlers)}")
