"""The setting that says where deployed versions are kept."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator

from nexus.plugin_api.option_types import Allowed
from nexus.plugin_api.problems import described, shown

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
S3: Final = "s3"
OCI: Final = "oci"
PLAIN: Final = "+http"
"""follows `oci` for a registry that does not speak TLS"""
_REPOSITORY: Final = re.compile(r"/[a-z0-9]+([._/-]+[a-z0-9]+)*")


def kind_of(url: str) -> str:
    """Return the kind of a store: `SQLITE`, `POSTGRESQL`, `S3` or `OCI`, or another scheme."""
    if url == SQLITE:
        return url
    scheme = urlsplit(url).scheme
    return OCI if scheme == OCI + PLAIN else scheme


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        with_password = parts.password is not None or "password" in parse_qs(parts.query)
        is_plain = not parts.query and parts.username is None
        is_one = {
            SQLITE: url == SQLITE,
            POSTGRESQL: True,
            S3: bool(parts.netloc) and is_plain,
            OCI: bool(parts.netloc and _REPOSITORY.fullmatch(parts.path)) and is_plain,
        }.get(kind_of(url), False)
    except ValueError:
        with_password = is_one = False
    if with_password:
        # It would be shown with the other settings.
        found = "a URL with a password, for which there is PGPASSWORD (docs/versions.md)"
        raise described(found)
    if not is_one:
        raise described(shown(url))
    return url


StoreUrl: TypeAlias = Annotated[
    str,
    AfterValidator(_checked),
    Allowed("sqlite, postgresql://USER@HOST/DATABASE, s3://BUCKET/PREFIX or oci://HOST/REPOSITORY"),
]
