"""Settings as far as they depend on plugins: their sources, and checks that `load` reports with all
other errors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nexus import config
from nexus.config import Loaded
from nexus.config.stack import Checks
from nexus.engines import unfit_compiler, unknown_engine
from nexus.plugins import Plugins
from nexus.scheduling import unknown_policy
from nexus.stores import unknown_store
from nexus.versions.stores.choose import missing_package


def checks_by(plugins: Plugins) -> Checks:
    """Return the checks for `nexus.config.load`, by what *plugins* offer. Raises: ConfigError."""
    engines, policies, stores = plugins.engines(), plugins.scheduling_policies(), plugins.stores()
    return {
        "engine": lambda values: unknown_engine(values["engine"], engines),
        "compiler": lambda values: unfit_compiler(values["engine"], values["compiler"], engines),
        "kv_store": lambda values: unknown_store(values["kv_store"], stores),
        "version_store": lambda values: missing_package(values["version_store"]),
        "scheduling_policy": lambda values: unknown_policy(values["scheduling_policy"], policies),
    }


def load_with(plugins: Plugins, options: Mapping[str, Any] | None = None) -> Loaded:
    """Load the settings from file, environment, *options* and *plugins*. Raises: ConfigError."""
    sources = plugins.config_sources(Path.cwd(), os.environ)
    return config.load(options or {}, os.environ, Path.cwd(), sources, checks_by(plugins))
