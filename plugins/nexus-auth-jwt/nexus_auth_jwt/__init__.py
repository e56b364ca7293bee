"""Lets only requests with a valid bearer JWT reach handlers, and gives the claims to the handlers.

`options` checks the configuration, `keys` and `key_sets` read the keys, `verify` verifies tokens
with them, `filter` accepts or rejects requests.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nexus.plugin_api.filters import RequestFilter
from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.options import plugin_options
from nexus.plugin_api.settings import Settings

log = logging.getLogger("nexus.plugins.jwt")


@hookimpl
def nexus_request_filters(settings: Settings) -> Sequence[RequestFilter] | None:
    """Return one filter for the table `plugins.jwt`, or None if that is missing or empty."""
    if not settings.plugins.get("jwt"):
        log.debug("nexus-auth-jwt is installed, but plugins.jwt is empty: no token is asked for")
        return None
    # late: cryptography takes a moment to import
    from nexus_auth_jwt.build import build_filter
    from nexus_auth_jwt.options import Options

    return [build_filter(plugin_options(settings, "jwt", Options))]
