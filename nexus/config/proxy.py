"""Types of the settings that say by which proxy outbound requests go."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator

from nexus.plugin_api.option_types import Allowed
from nexus.plugin_api.problems import described, shown

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PASSED: Final = re.compile(r"\*|(\.?[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


def _proxy(url: str) -> str:
    if not url:
        return url
    try:
        parts = urlsplit(url)
        with_user = parts.username is not None
        is_one = parts.scheme == "http" and bool(parts.port)
        is_one = is_one and _HOST.fullmatch(parts.hostname or "") is not None
        is_one = is_one and parts.path in ("", "/") and not parts.query and not parts.fragment
    except ValueError:
        with_user = is_one = False
    if with_user:
        # It would be shown with the other settings.
        found = "a URL with a user, for which there is http_proxy_auth_file"
        raise described(found)
    if not is_one:
        raise described(shown(url))
    return url.rstrip("/")


def _passed_by(text: str) -> str:
    entries = [entry.strip() for entry in text.split(",")] if text.strip() else []
    for entry in entries:
        if not _PASSED.fullmatch(entry):
            raise described(shown(entry))
    return ",".join(entries)


ProxyUrl: TypeAlias = Annotated[
    str, AfterValidator(_proxy), Allowed("http://HOST:PORT, or nothing")
]
PassedBy: TypeAlias = Annotated[
    str,
    AfterValidator(_passed_by),
    Allowed(
        "hosts such as example.org (with all names below it), 10.1.2.3 or svc:8080, joined by "
        "commas; * for all"
    ),
]
