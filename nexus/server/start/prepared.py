"""Plugins and settings that gunicorn's master loaded, for its configuration and its workers.

gunicorn imports its configuration and its workers by name, so they cannot get arguments: the master
sets this module's variable once, before it forks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nexus.config import Loaded
from nexus.plugins import Plugins, load_plugins
from nexus.service.choices import load_with


@dataclass(frozen=True)
class Prepared:
    """Plugins and settings of one process and of those that it forks."""

    plugins: Plugins
    loaded: Loaded


_prepared: Prepared | None = None


def hand_over(prepared: Prepared) -> None:
    """Keep *prepared* for gunicorn's configuration and workers."""
    global _prepared
    _prepared = prepared


def prepared() -> Prepared:
    """Return what `hand_over` kept; if it was not called, load it from the environment.

    Raises: ConfigError.
    """
    if _prepared is None:
        from prometheus_client import REGISTRY  # late: it looks for the run folder at import

        plugins = load_plugins(os.environ, REGISTRY)
        hand_over(Prepared(plugins, load_with(plugins)))
    assert _prepared is not None
    return _prepared
