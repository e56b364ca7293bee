"""Lets only requests with a valid bearer JWT reach handlers, and gives them its claims.

`options` says what may be configured, `keys` and `key_sets` what tokens are verified with, `verify`
how, `filter` what that means for a request.
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
    """One filter, as `plugins.jwt` says; none where there is no such table."""
    if not settings.plugins.get("jwt"):
        log.debug("nexus-auth-jwt is installed, but plugins.jwt is empty: no token is asked for")
        return None
    # cryptography takes a moment to import: only where it is used
    from nexus_auth_jwt.build import build_filter
    from nexus_auth_jwt.options import Options

    return [build_filter(plugin_options(settings, "jwt", Options))]
