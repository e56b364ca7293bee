"""Hook `nexus_blueprints`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nexus.config import Settings
from nexus.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from flask import Blueprint

    from nexus.service import Service


@hookspec
def nexus_blueprints(settings: Settings, service: Service) -> Sequence[Blueprint] | None:
    """Add pages of one's own to the Flask app behind the handlers.

    Called: once per worker, when its app is made. *service* is not started yet: keep it, and use
    it when a page is asked for.

    Returns: blueprints. Handlers' routes win over theirs, so their paths should be ones that
    handlers cannot have (below `/v1/`). Nothing asks their visitors who they are: they do that
    themselves. None: no page.

    Raises: the start ends there; also where two blueprints have one name. An exception in a page
    is answered with 500 and a problem+json body, as Nexus's own are.
    """
