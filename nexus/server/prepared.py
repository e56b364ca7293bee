"""What gunicorn's master has loaded, for its own configuration and for the workers that it forks.

gunicorn imports its configuration and its workers by name, so this process-wide place is how the
three meet: set once in the master, before it forks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nexus import config
from nexus.config import Loaded
from nexus.plugins import Plugins, load_plugins
from nexus.service.choices import checks_by


@dataclass(frozen=True)
class Prepared:
    """Plugins and settings of one process and of those that it forks."""

    plugins: Plugins
    loaded: Loaded


_prepared: Prepared | None = None


def hand_over(prepared: Prepared) -> None:
    """Let the configuration and the workers have *prepared*."""
    global _prepared
    _prepared = prepared


def prepared() -> Prepared:
    """Return what was handed over; where nothing was, load it from the environment.

    Raises: ConfigError.
    """
    if _prepared is None:
        from prometheus_client import REGISTRY  # only once the run folder is there: it decides

        plugins = load_plugins(os.environ, REGISTRY)
        sources = plugins.config_sources(Path.cwd(), os.environ)
        loaded = config.load({}, os.environ, Path.cwd(), sources, checks_by(plugins))
        hand_over(Prepared(plugins, loaded))
    assert _prepared is not None
    return _prepared
