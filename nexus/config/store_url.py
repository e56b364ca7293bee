"""The setting that says where deployed versions are kept."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from nexus.plugin_api.option_types import Allowed
from nexus.plugin_api.problems import DESCRIBED, shown

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
S3: Final = "s3"


def kind_of(url: str) -> str:
    """Return the kind of a store: `SQLITE`, `POSTGRESQL` or `S3`, or another scheme."""
    return url if url == SQLITE else urlsplit(url).scheme


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        with_password = parts.password is not None or "password" in parse_qs(parts.query)
        is_plain = not parts.query and parts.username is None
        is_one = {
            SQLITE: url == SQLITE,
            POSTGRESQL: True,
            S3: bool(parts.netloc) and is_plain,
        }.get(kind_of(url), False)
    except ValueError:
        with_password = is_one = False
    if with_password:
        # It would be shown with the other settings.
        found = "a URL with a password, for which there is PGPASSWORD (docs/versions.md)"
        raise PydanticCustomError(DESCRIBED, "{found}", {"found": found})
    if not is_one:
        raise PydanticCustomError(DESCRIBED, "{found}", {"found": shown(url)})
    return url


StoreUrl: TypeAlias = Annotated[
    str,
    AfterValidator(_checked),
    Allowed("sqlite, postgresql://USER@HOST/DATABASE or s3://BUCKET/PREFIX"),
]
