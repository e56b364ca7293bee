"""Logs which handlers serve after a load, and did not before."""

from __future__ import annotations

import logging
from typing import Final

from nexus.handlers.catalogue import Catalogue
from nexus.handlers.split import versions_of
from nexus.logs import CHANGES
from nexus.model import Handler

log = logging.getLogger(CHANGES)

_MOST_NAMED: Final = 10
"""How many changed handlers one log line names"""


def log_changes(before: Catalogue, after: Catalogue) -> None:
    """Log which handlers have changed between two loads."""
    then, now = before.serving, after.serving
    gone = [f"{file} is gone" for file in then if file not in now]
    changed = [
        f"{file} serves at {handler.route}{_called(handler)}"
        for file, handler in now.items()
        if file not in then or then[file].compiled is not handler.compiled
    ]
    shares = [
        f"{version.version} of {file} serves {version.weight} % of {main.route}"
        for file, main in now.items()
        if main.split is not None and _weights(then.get(file)) != _weights(main)
        for version in main.split.versions
    ]
    found = [*gone, *changed, *shares]
    if found and len(found) <= _MOST_NAMED:
        log.info("%s", ", ".join(found))
    elif found:
        log.info("%d handlers changed; %d serve", len(found), len(now))


def _called(handler: Handler) -> str:
    """Return when *handler* is called; empty without a schedule."""
    return f", called at {' and '.join(handler.schedule)} (UTC)" if handler.schedule else ""


def _weights(handler: Handler | None) -> dict[str, int]:
    versions = () if handler is None else versions_of(handler)
    return {version.version: version.weight for version in versions}
